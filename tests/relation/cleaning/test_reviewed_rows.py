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
    names = ("decisions", "kept", "relabelled", "dropped", "undecided")
    assert [report[name] for name in names] == [3, 1, 1, 1, 0]


def test_a_half_filled_list_of_suspects_may_come_back(review):
    table = reviewed(
        ("r0", "", "b"), ("r1", " Relabel ", " b"), ("r2", None, None), ("unknown", "", "nonsense"),
        self_confidence=0.1,
    )  # fmt: skip
    result = review(table)
    assert result.tables.train["label"].tolist() == ["a", "b", "a"]
    report = result.report["rules"][0]
    assert (report["decisions"], report["undecided"]) == (1, 3)


def test_a_suggestion_beside_keep_or_drop_is_not_read(review):
    result = review(reviewed(("r0", "keep", "b"), ("r1", "drop", "no such label")))
    assert result.tables.train["label"].tolist() == ["a", "a"]


def test_lines_that_say_the_same_count_once(review):
    """The lists of two rounds in one file: the suggestion beside `keep` may have changed."""
    table = reviewed(
        ("r0", "keep", "b"), ("r1", "relabel", "b"), ("r0", "KEEP", ""), ("r1", "relabel", "b"),
    )  # fmt: skip
    result = review(table)
    assert result.tables.train["label"].tolist() == ["a", "b", "a"]
    report = result.report["rules"][0]
    assert (report["decisions"], report["lines_that_say_the_same"]) == (2, 2)
    with pytest.raises(ValueError, match=r"row r1 relabel b; row r1 relabel per:title"):
        review(pd.concat([table, reviewed(("r1", "relabel", "per:title"))]))


def test_what_is_done_is_logged_in_words(review, caplog):
    table = reviewed(
        ("r0", "relabel", "a"), ("r1", "relabel", "b"), ("r2", "drop", ""), ("x", "", "")
    )
    with caplog.at_level(logging.INFO):
        review(table)
    assert (
        "Review: of 3 rows decided about, 1 are dropped, 1 relabelled (1 more have that label "
        "already), 0 kept, 0 are not here; 1 lines are undecided."
    ) in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_file_without_a_decision_is_worth_a_warning(review, caplog):
    with caplog.at_level(logging.WARNING):
        review(None)
        assert not caplog.records
        review(reviewed(("r0", " ", "b"), ("r1", None, "b")))
    assert "decides nothing: decision is empty in all of its 2 lines" in caplog.text


@pytest.mark.parametrize(
    ("decision", "new_label", "given_label", "differs"),
    [
        ("keep", "", "a", 0),
        ("keep", "", "", 0),
        ("keep", "a", "b", 1),  # beside keep, new_label says nothing
        ("drop", "", "b", 1),
        ("relabel", "b", "a", 0),
        ("relabel", "b", "per:title", 1),
        ("relabel", "a", "b", 0),  # carried out already
        ("relabel", "b", "b", 0),  # the list was made after an earlier review
    ],
)
def test_a_list_that_shows_another_label_is_doubted_and_carried_out(
    review, caplog, decision, new_label, given_label, differs
):
    table = reviewed(("r0", decision, new_label), given_label=given_label)
    with caplog.at_level(logging.WARNING):
        result = review(table)
    assert result.report["rules"][0]["given_label_differs"] == differs
    assert len(caplog.records) == differs
    if differs:
        assert "has 1 decision whose given_label is not the row's label" in caplog.text
        assert f"first: row r0 {given_label}, now a" in caplog.text
    assert (len(result.tables.train) == 2) == (decision == "drop")


def test_no_file_and_an_empty_file_do_nothing(review):
    for table in (None, reviewed()):
        result = review(table)
        assert (len(result.tables.train), len(result.changed_rows)) == (3, 0)
        assert result.report["rules"][0]["decisions"] == 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            reviewed(*((f"r{number}", "no", "") for number in range(9))),
            r"9 unknown decisions, first: row r0 no; .* row r4 no\. Remedy: wanted keep, rel",
        ),
        (
            reviewed(("r0", "relabel", "per:titel"), ("r1", "relabel", "b")),
            r"1 new labels that are not in the label set, first: row r0 relabel per:titel\. "
            r"Remedy: wanted one of no_relation, a, b, per:title",
        ),
        (
            reviewed(("r0", "relabel", " "), ("r1", "Relabel", None), ("r2", "relabel", "b")),
            r"2 decisions without a label, first: row r0: relabel needs a new_label; row r1: "
            r"relabel needs a new_label\. Remedy: fill in new_label",
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


def test_rows_that_an_earlier_rule_dropped_are_counted_and_named(review, caplog):
    known = frozenset({"r0", "r1", "r2", "r77"})
    with caplog.at_level(logging.WARNING):
        result = review(reviewed(("r0", "keep", ""), ("r77", "drop", "")), row_ids=known)
    assert result.report["rules"][0]["not_here"] == 1
    assert "about 1 decision of raw.reviewed_rows on rows that an earlier rule" in caplog.text
    assert "max_rows" not in caplog.text


def test_a_sample_cannot_tell_wrong_ids_from_rows_it_left_out(review, caplog):
    foreign = [(f"no-{number}", "drop", "") for number in range(7)]
    with caplog.at_level(logging.WARNING):
        result = review(reviewed(("r0", "keep", ""), *foreign), is_sample=True)
    assert result.report["rules"][0]["not_here"] == 7
    assert (
        "about 7 decisions of raw.reviewed_rows on rows that ingest.max_rows left out or that are "
        "in no file, first: no-0, no-1, no-2, no-3, no-4."
    ) in caplog.text
