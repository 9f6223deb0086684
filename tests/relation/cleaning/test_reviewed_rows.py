"""Decisions of a person: what they do, and what is refused."""

import logging

import pandas as pd
import pytest

ROWS = [
    "[[이순신]]은 <<수군>>을 이끌었다.",
    "[[세종]]은 <<집현전>>을 세웠다.",
    "<<수원>>의 [[정조]]는 왕이다.",
]


def reviewed(*lines, **columns):
    return pd.DataFrame(lines, columns=["row_id", "decision", "new_label"]).assign(**columns)


@pytest.fixture
def review(as_rows, run, clean_params):
    """Clean three rows with this table, by this rule alone."""

    def clean(table, rules=("reviewed_rows",), **evidence):
        return run(as_rows(ROWS), clean_params(*rules), reviewed_rows=table, **evidence)

    return clean


def test_rows_are_kept_relabelled_and_dropped(review):
    table = reviewed(("r2", "drop", ""), ("r1", "relabel", "b"), ("r0", "keep", ""))
    result = review(table)
    assert result.tables.train["row_id"].tolist() == ["r0", "r1"]
    assert result.tables.train["label"].tolist() == ["a", "b"]
    dropped = result.dropped_rows[["row_id", "rule", "reason"]].to_numpy().tolist()
    assert dropped == [["r2", "reviewed_rows", "reviewed"]]
    assert result.dropped_rows["kept_row_id"].isna().all()
    changed = result.changed_rows.to_numpy().tolist()
    assert changed == [["train", "r1", "reviewed_rows", "label", "a", "b"]]
    report = result.report["rules"][0]
    assert [report[name] for name in ("decisions", "keep", "relabel", "drop")] == [3, 1, 1, 1]


def test_a_half_filled_list_of_suspects_may_come_back(review):
    table = reviewed(
        ("r0", "", "b"), ("r1", " relabel ", " b"), ("r2", None, None), ("unknown", "", "nonsense"),
        self_confidence=0.1,
    )  # fmt: skip
    result = review(table)
    assert result.tables.train["label"].tolist() == ["a", "b", "a"]
    report = result.report["rules"][0]
    assert (report["decisions"], report["without_decision"]) == (1, 3)


def test_a_suggestion_beside_keep_or_drop_is_not_read(review):
    result = review(reviewed(("r0", "keep", "b"), ("r1", "drop", "no such label")))
    assert result.tables.train["label"].tolist() == ["a", "a"]


def test_a_row_that_says_so_already_is_not_changed(review):
    result = review(reviewed(("r0", "relabel", "a")))
    assert len(result.changed_rows) == 0
    assert result.report["rules"][0]["relabel"] == 1


def test_no_file_and_an_empty_file_do_nothing(review):
    for table in (None, reviewed()):
        result = review(table)
        assert (len(result.tables.train), len(result.changed_rows)) == (3, 0)
        assert result.report["rules"][0]["decisions"] == 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            reviewed(("r0", "delete", "")),
            r"1 unknown decisions, first: row r0 delete\. Remedy: wanted keep, relabel, drop",
        ),
        (
            reviewed(("r0", "relabel", "per:titel"), ("r1", "relabel", "")),
            r"2 new labels that are not in the label set, first: row r0 relabel per:titel; row r1 "
            r"relabel\. Remedy: wanted one of no_relation, a, b, per:title",
        ),
        (
            reviewed(("r0", "keep", ""), ("r0", "drop", "")),
            r"2 rows that are decided about more than once, first: row r0 keep; row r0 drop\.",
        ),
        (
            reviewed(("0", "keep", ""), ("r1", "keep", "")),
            r"1 ids of no training row, first: row 0 keep\. Remedy: correct them",
        ),
        (
            reviewed(("r0", "keep", "")).rename(columns={"decision": "Decision"}),
            r"has no column decision; found row_id, Decision, new_label\. Wanted are row_id, dec",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_rows(review, table, message):
    with pytest.raises(ValueError, match=message):
        review(table)


def test_many_wrong_lines_are_counted_and_five_shown(review):
    table = reviewed(*((f"r{number}", "no", "") for number in range(9)))
    with pytest.raises(ValueError, match=r"9 unknown decisions.*row r4 no\. ") as error:
        review(table)
    assert "r5" not in str(error.value)


def test_rows_that_a_sample_or_an_earlier_rule_left_out_are_counted_and_logged(review, caplog):
    table = reviewed(("r0", "keep", ""), ("r77", "drop", ""))
    with caplog.at_level(logging.WARNING):
        result = review(table, is_sample=True)
    assert result.report["rules"][0]["not_here"] == 1
    assert "1 decisions of raw.reviewed_rows are about rows that" in caplog.text
    known = frozenset({"r0", "r1", "r2", "r77"})
    assert review(table, row_ids=known).report["rules"][0]["not_here"] == 1
