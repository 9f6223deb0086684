"""Twins: which rows leave, why, and that every row is accounted for."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.cleaning.duplicates import CHOICES, TWIN_COLUMNS

NEGATIVE = "no_relation"
BOTH = ("exact_duplicates", "contradictory_duplicates")
LABELS = (NEGATIVE, "a", "b", "per:title")


def table(rows):
    """Build rows of (place of the object, label); the same place makes twins."""
    starts = pd.Series([place for place, _ in rows], dtype="int64")
    rows = pd.DataFrame(
        {
            "row_id": pd.Series([f"r{number}" for number in range(len(rows))], dtype="str"),
            "sentence": "세종은 집현전을 세웠고 집현전은 세종을 도왔다.",
            "subject_text": "세종",
            "subject_start": 0,
            "subject_end": 2,
            "subject_type": "PER",
            "object_text": "집현전",
            "object_start": starts,
            "object_end": starts + 3,
            "object_type": "ORG",
            "pair_key": "세종\t집현전",
            "label": pd.Series([label for _, label in rows], dtype="str"),
        }
    )
    return rows.set_index(pd.Index([-number // 2 for number in range(len(rows))]))


@pytest.fixture
def cleaned(run, clean_params):
    """Clean rows of :func:`table`; return what stays, what leaves and the rules' reports."""

    def clean(rows, keep="keep_positive", rules=BOTH, **evidence):
        group = {"keep": keep, "previous": "first" if keep == "keep_by_model" else None}
        params = clean_params(*rules, contradictory_duplicates=group)
        result = run(table(rows), params, **evidence)
        reports = {report["rule"]: report for report in result.report["rules"]}
        return result.tables.train, result.dropped_rows, reports

    return clean


def left(dropped):
    known = dropped.astype(object).where(dropped.notna(), None)
    return list(zip(known["row_id"], known["reason"], known["kept_row_id"], strict=True))


def scores(probabilities, labels=LABELS):
    """Build out-of-fold scores from (row, probabilities of some labels)."""
    table = pd.DataFrame([known for _, known in probabilities], columns=list(labels)).fillna(1e-9)
    return ScoreTable(
        row_ids=np.array([row_id for row_id, _ in probabilities], dtype=object),
        logits=np.log(table.to_numpy(dtype=np.float32)).reshape(-1, len(labels)),
        labels=labels,
        folds=np.zeros(len(probabilities), dtype=np.int64),
    )


def test_the_first_of_exact_duplicates_stays(cleaned):
    kept, dropped, reports = cleaned([(4, "a"), (13, "a"), (4, "a"), (4, "a")])
    assert kept["row_id"].tolist() == ["r0", "r1"]
    assert left(dropped) == [("r2", "exact_duplicate", "r0"), ("r3", "exact_duplicate", "r0")]
    assert dropped["label"].tolist() == ["a", "a"]
    assert dropped["row_number"].tolist() == [3, 4]
    assert reports["exact_duplicates"]["dropped_by_reason"] == {"exact_duplicate": 2}


@pytest.mark.parametrize("column", TWIN_COLUMNS)
def test_rows_that_differ_anywhere_are_no_twins(column, run, clean_params):
    rows = table([(4, "a"), (4, "a")])
    rows[column] = [rows[column].iloc[0], 99 if column.endswith(("start", "end")) else "다른 것"]
    params = clean_params(*BOTH, contradictory_duplicates={"keep": "drop_all"})
    assert len(run(rows, params).tables.train) == 2
    rows["label"] = ["a", "b"]
    assert len(run(rows, params).tables.train) == 2


TWINS = [(4, NEGATIVE), (13, NEGATIVE), (4, "a"), (4, "b"), (4, "a"), (4, NEGATIVE)]
WANTED = {
    "keep_positive": [
        ("r0", "negative_twin", "r2"),
        ("r3", "later_label", "r2"),
        ("r4", "exact_duplicate", "r2"),
        ("r5", "exact_duplicate", "r2"),
    ],
    "keep_first": [
        ("r2", "later_label", "r0"),
        ("r3", "later_label", "r0"),
        ("r4", "exact_duplicate", "r0"),
        ("r5", "exact_duplicate", "r0"),
    ],
    "drop_all": [
        ("r0", "contradictory", None),
        ("r2", "contradictory", None),
        ("r3", "contradictory", None),
        ("r4", "exact_duplicate", None),
        ("r5", "exact_duplicate", None),
    ],
}


@pytest.mark.parametrize("keep", WANTED)
def test_ways_to_keep_on_one_group_of_twins(keep, cleaned):
    kept, dropped, reports = cleaned(TWINS, keep)
    assert left(dropped) == WANTED[keep]
    assert "r1" in kept["row_id"].tolist()
    report = reports["contradictory_duplicates"]
    assert (report["contradictory_groups"], report["contradictory_rows"]) == (1, 3)
    assert report["rows_in"] - report["rows_out"] == len(WANTED[keep]) - 2
    assert report["keep"] == keep


@pytest.mark.parametrize("keep", WANTED)
def test_the_order_of_the_two_rules_does_not_decide_who_stays(keep, cleaned):
    assert cleaned(TWINS, keep)[0]["row_id"].tolist() == (
        cleaned(TWINS, keep, rules=BOTH[::-1])[0]["row_id"].tolist()
    )


def test_exact_duplicates_may_stay_but_contradictions_do_not(cleaned):
    kept, dropped, _ = cleaned(TWINS, rules=["contradictory_duplicates"])
    assert kept["row_id"].tolist() == ["r1", "r2", "r4"]
    assert left(dropped) == [
        ("r0", "negative_twin", "r2"),
        ("r3", "later_label", "r2"),
        ("r5", "negative_twin", "r2"),
    ]


def test_contradictions_may_stay(cleaned):
    kept, *_ = cleaned(TWINS, rules=["exact_duplicates"])
    assert kept["row_id"].tolist() == ["r0", "r1", "r2", "r3"]


def test_keep_positive_without_a_negative_label_keeps_the_first(cleaned):
    without = LabelSet(names=list(LABELS), negative=None)
    assert left(cleaned(TWINS, labels=without)[1]) == left(cleaned(TWINS, "keep_first")[1])


@pytest.mark.parametrize(
    ("earlier", "kept"),
    [
        # whichever twin was scored
        ([("r0", {NEGATIVE: 0.2, "a": 0.1, "b": 0.7})], ["r1", "r3"]),
        ([("r2", {NEGATIVE: 0.2, "a": 0.1, "b": 0.7})], ["r1", "r3"]),
        ([("r3", {NEGATIVE: 0.2, "a": 0.1, "b": 0.7})], ["r1", "r3"]),
        # a label that no twin has cannot win
        ([("r2", {"per:title": 0.9, "a": 0.02, NEGATIVE: 0.06, "b": 0.02})], ["r0", "r1"]),
        # several scores are averaged: a 0.43, b 0.57
        (
            [("r0", {"a": 0.6, "b": 0.4}), ("r0", {"a": 0.1, "b": 0.9}),
             ("r2", {"a": 0.6, "b": 0.4})],
            ["r1", "r3"],
        ),
        # the first of equal labels stays
        ([("r0", {NEGATIVE: 0.2, "a": 0.4, "b": 0.4})], ["r1", "r2"]),
    ],
)  # fmt: skip
def test_the_label_that_a_model_finds_most_probable_stays(cleaned, earlier, kept):
    rows, dropped, reports = cleaned(TWINS, "keep_by_model", earlier_scores=scores(earlier))
    assert rows["row_id"].tolist() == kept
    assert "less_probable_label" in dropped["reason"].tolist()
    assert reports["contradictory_duplicates"]["groups_without_scores"] == 0


def test_a_group_without_scores_keeps_the_positive_label_and_is_counted(cleaned, caplog):
    rows = [*TWINS, (13, "b")]
    earlier = scores([("r5", {NEGATIVE: 0.7, "a": 0.3}), ("elsewhere", {"a": 1.0})])
    with caplog.at_level(logging.WARNING):
        kept, dropped, reports = cleaned(rows, "keep_by_model", earlier_scores=earlier,
                                         rules=BOTH[::-1])  # fmt: skip
    assert kept["row_id"].tolist() == ["r0", "r6"]
    assert ("r1", "negative_twin", "r6") in left(dropped)
    assert reports["contradictory_duplicates"]["groups_without_scores"] == 1
    assert "no row of 1 of 2 contradictory groups was scored" in caplog.text


def test_keep_by_model_without_scores_names_the_remedy(cleaned):
    with pytest.raises(ValueError, match=r"no out-of-fold.*Run that experiment first"):
        cleaned(TWINS, "keep_by_model")


def test_scores_of_other_labels_are_refused(cleaned):
    binary = scores([("r0", {NEGATIVE: 0.4, "a": 0.6})], labels=(NEGATIVE, "a"))
    with pytest.raises(ValueError, match=r"cannot judge the labels b: .*target\.name=all"):
        cleaned(TWINS, "keep_by_model", earlier_scores=binary)


def test_nothing_to_decide_is_fine(cleaned):
    kept, *_ = cleaned([(4, "a"), (13, "b")], "keep_by_model", earlier_scores=scores([]))
    assert len(kept) == 2


@pytest.mark.parametrize("rows", [[], [(4, "a")], [(4, "a"), (13, NEGATIVE)]])
def test_clean_rows_pass_unchanged(rows, cleaned):
    kept, dropped, _ = cleaned(rows)
    pd.testing.assert_frame_equal(kept, table(rows).reset_index(drop=True))
    assert dropped.columns.tolist() == [*kept, "row_number", "rule", "reason", "kept_row_id"]
    assert len(dropped) == 0


rows_with_twins = st.lists(
    st.tuples(st.sampled_from([4, 13]), st.sampled_from([NEGATIVE, "a", "b"])), max_size=12
)


@given(rows_with_twins, st.sampled_from(sorted(CHOICES)), st.permutations(BOTH), st.integers(1, 2))
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_stays_or_says_why(cleaned, rows, keep, rules, n_rules):
    rules = [name for name in rules[:n_rules] if name != "exact_duplicates"] or BOTH
    earlier = scores([("r0", {"a": 0.6, "b": 0.4}), ("r3", {NEGATIVE: 1.0})])
    kept, dropped, reports = cleaned(rows, keep, rules=rules, earlier_scores=earlier)
    assert json.loads(json.dumps(reports)) == reports
    assert sorted([*kept["row_id"], *dropped["row_id"]]) == sorted(table(rows)["row_id"])
    assert (dropped["reason"] != "").all()
    assert set(dropped["kept_row_id"].dropna()) <= set(kept["row_id"])
    one_of_each = kept.drop_duplicates([*TWIN_COLUMNS, "label"])
    assert not one_of_each.duplicated(TWIN_COLUMNS).any()
    assert not ("exact_duplicates" in rules and kept.duplicated(TWIN_COLUMNS).any())
