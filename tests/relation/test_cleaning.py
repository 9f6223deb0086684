"""Duplicates: which rows leave, why, and that every row is accounted for."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.cleaning import RULES, TWIN_COLUMNS, remove_duplicates
from klue_pipeline.relation.params import CleanParams

NEGATIVE = "no_relation"


def table(rows):
    """Build rows of (place of the object, label); the same place makes twins."""
    return pd.DataFrame(
        {
            "row_id": [f"r{number}" for number in range(len(rows))],
            "sentence": "세종은 집현전을 세웠고 집현전은 세종을 도왔다.",
            "subject_text": "세종",
            "subject_start": 0,
            "subject_end": 2,
            "subject_type": "PER",
            "object_text": "집현전",
            "object_start": [place for place, _ in rows],
            "object_end": [place + 3 for place, _ in rows],
            "object_type": "ORG",
            "label": [label for _, label in rows],
        },
        index=[-number // 2 for number in range(len(rows))],  # nothing may depend on the index
    )


def cleaned(rows, rule="keep_positive", *, drop_exact=True, negative=NEGATIVE):
    params = CleanParams(drop_exact_duplicates=drop_exact, contradictory_duplicates=rule)
    return remove_duplicates(table(rows), negative, params)


def left(dropped):
    known = dropped.astype(object).where(dropped.notna(), None)
    return list(zip(known["row_id"], known["reason"], known["kept_row_id"], strict=True))


def test_the_first_of_exact_duplicates_stays():
    kept, dropped, report = cleaned([(4, "a"), (13, "a"), (4, "a"), (4, "a")])
    assert kept["row_id"].tolist() == ["r0", "r1"]
    assert left(dropped) == [("r2", "exact_duplicate", "r0"), ("r3", "exact_duplicate", "r0")]
    assert dropped["label"].tolist() == ["a", "a"]
    assert report["exact_duplicates"] == report["exact_duplicates_dropped"] == 2


@pytest.mark.parametrize("column", TWIN_COLUMNS)
def test_rows_that_differ_anywhere_are_no_twins(column):
    rows = table([(4, "a"), (4, "a")])
    rows[column] = [rows[column].iloc[0], 99 if column.endswith(("start", "end")) else "다른 것"]
    params = CleanParams(drop_exact_duplicates=True, contradictory_duplicates="drop_all")
    assert len(remove_duplicates(rows, NEGATIVE, params)[0]) == 2
    rows["label"] = ["a", "b"]
    assert len(remove_duplicates(rows, NEGATIVE, params)[0]) == 2


TWINS = [(4, NEGATIVE), (13, NEGATIVE), (4, "a"), (4, "b"), (4, "a"), (4, NEGATIVE)]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (
            "keep_positive",
            [
                ("r0", "negative_twin", "r2"),
                ("r3", "later_label", "r2"),
                ("r4", "exact_duplicate", "r2"),
                ("r5", "exact_duplicate", "r2"),
            ],
        ),
        (
            "keep_first",
            [
                ("r2", "later_label", "r0"),
                ("r3", "later_label", "r0"),
                ("r4", "exact_duplicate", "r0"),
                ("r5", "exact_duplicate", "r0"),
            ],
        ),
        (
            "drop_all",
            [
                ("r0", "contradictory", None),
                ("r2", "contradictory", None),
                ("r3", "contradictory", None),
                ("r4", "exact_duplicate", None),
                ("r5", "exact_duplicate", None),
            ],
        ),
    ],
)
def test_rules_on_one_group_of_twins(rule, wanted):
    kept, dropped, report = cleaned(TWINS, rule)
    assert left(dropped) == wanted
    assert "r1" in kept["row_id"].tolist()
    assert report["contradictory_groups"] == 1
    assert report["contradictory_rows_dropped"] == len(wanted) - 2
    assert report["contradictory_rule"] == rule


def test_exact_duplicates_may_stay_but_contradictions_do_not():
    kept, dropped, report = cleaned(TWINS, drop_exact=False)
    assert kept["row_id"].tolist() == ["r1", "r2", "r4"]
    assert left(dropped) == [
        ("r0", "negative_twin", "r2"),
        ("r3", "later_label", "r2"),
        ("r5", "negative_twin", "r2"),
    ]
    assert (report["exact_duplicates"], report["exact_duplicates_dropped"]) == (2, 0)
    assert report["dropped_by_reason"] == {"later_label": 1, "negative_twin": 2}


def test_keep_positive_without_a_negative_label_keeps_the_first():
    with_none = cleaned(TWINS, "keep_positive", negative=None)
    assert left(with_none[1]) == left(cleaned(TWINS, "keep_first")[1])


@pytest.mark.parametrize("rows", [[], [(4, "a")], [(4, "a"), (13, NEGATIVE)]])
def test_clean_rows_pass_unchanged(rows):
    kept, dropped, report = cleaned(rows)
    pd.testing.assert_frame_equal(kept, table(rows).reset_index(drop=True))
    assert dropped.columns.tolist() == ["row_id", "reason", "kept_row_id", "sentence", "label"]
    assert (len(dropped), report["rows_out"]) == (0, len(rows))


rows_with_twins = st.lists(
    st.tuples(st.sampled_from([4, 13]), st.sampled_from([NEGATIVE, "a", "b"])), max_size=12
)


@given(rows_with_twins, st.sampled_from(sorted(RULES)), st.booleans())
@settings(deadline=None, max_examples=60)
def test_every_row_stays_or_says_why(rows, rule, drop_exact):
    kept, dropped, report = cleaned(rows, rule, drop_exact=drop_exact)
    assert json.loads(json.dumps(report)) == report
    assert report["rows_in"] == len(rows) == report["rows_out"] + len(dropped)
    assert sum(report["dropped_by_reason"].values()) == len(dropped)
    assert sorted([*kept["row_id"], *dropped["row_id"]]) == sorted(table(rows)["row_id"])
    assert (dropped["reason"] != "").all()
    assert set(dropped["kept_row_id"].dropna()) <= set(kept["row_id"])
    one_of_each = kept.drop_duplicates([*TWIN_COLUMNS, "label"])
    assert not one_of_each.duplicated(TWIN_COLUMNS).any()
    assert not (drop_exact and kept.duplicated(TWIN_COLUMNS).any())
