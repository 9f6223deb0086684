"""The ledger: what is a row, what is refused, and that nothing of a person's is ever lost."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.reporting.ledger import table
from klue_pipeline.reporting.ledger.entries import Entry, tabulate_entries

COLUMNS = table.LedgerColumns(("micro_f1", "auprc"))
NUMBERS = [name for name in COLUMNS.all if name.startswith(("predicted_", "public_"))]


def check(cells, lines=None):
    return table.check_ledger(cells, COLUMNS, lines)


def merge(existing, entries):
    return table.merge_ledger(existing, tabulate_entries(entries, COLUMNS), COLUMNS)


def entry(digit, *, f1=70.0, **changes):
    given = {
        "sha256": digit * 64,
        "file": f"data/{digit}.csv",
        "created_at": datetime(2021, 10, 5, 9, 30, tzinfo=UTC),
        "name": f"experiment_{digit}",
        "members": ("rbert", "typed"),
        "select_by": "shift_micro_f1",
        "predicted": {"micro_f1": Estimate(f1, f1 - 2, f1 + 2)},
        "prior": "given",
    }
    return Entry(**given | changes)


def ledger_of(*entries):
    return merge(table.empty_ledger(COLUMNS), entries)


def texts(**cells):
    """One row as it may stand in a file."""
    row = {"sha256": "a" * 64, "file": "a.csv", "created_at": "", "name": "a", "members": "",
           "select_by": "micro_f1", "prior": "plain"}  # fmt: skip
    return pd.DataFrame([row | cells])


def test_an_entry_becomes_a_row():
    korea = timezone(timedelta(hours=9))
    made_at = datetime(2021, 10, 5, 8, 0, 1, tzinfo=korea)
    [row] = ledger_of(entry("a", created_at=made_at)).to_dict("records")
    assert list(row) == COLUMNS.all
    assert {name: row[name] for name in ("sha256", "file", "created_at", "name", "members")} == {
        "sha256": "a" * 64,
        "file": "data/a.csv",
        "created_at": "2021-10-04T23:00:01Z",
        "name": "experiment_a",
        "members": "rbert;typed",
    }
    assert [row[f"predicted_micro_f1{end}"] for end in ("", "_low", "_high")] == [70, 68, 72]
    assert math.isnan(row["predicted_auprc"])
    assert math.isnan(row["public_micro_f1"])
    assert row["submitted_at"] == row["note"] == ""


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match=r"without a time zone; give datetime\.now\(UTC\)"):
        entry("a", created_at=datetime(2021, 10, 5))


def test_an_empty_ledger_has_all_columns_and_takes_nothing():
    merged = merge(table.empty_ledger(COLUMNS), [])
    assert merged.columns.tolist() == COLUMNS.all
    assert merged.empty
    assert [str(merged[name].dtype) for name in NUMBERS] == ["float64"] * len(NUMBERS)


def test_what_a_person_wrote_survives_the_same_file_made_again():
    ledger = ledger_of(entry("a"), entry("b"))
    ledger.loc[0, COLUMNS.yours] = ["2021-10-06 18:00", 71.25, 66.5, "first try, 첫 제출"]
    ledger["mine"] = ["kept", ""]
    again = entry(
        "a", f1=72.0, file="moved.csv", name="other", members=("x",), prior="estimated",
        created_at=datetime(2022, 1, 1, tzinfo=UTC), select_by="auprc",
    )  # fmt: skip
    merged = merge(ledger, [entry("c"), again])
    assert merged["sha256"].tolist() == ["a" * 64, "b" * 64, "c" * 64]
    first, changed = ledger.iloc[0], merged.iloc[0]
    renewed = {"file": "moved.csv", "name": "other", "members": "x", "select_by": "auprc",
               "prior": "estimated", "predicted_micro_f1": 72.0,
               "predicted_micro_f1_low": 70.0, "predicted_micro_f1_high": 74.0}  # fmt: skip
    assert {name: changed[name] for name in renewed} == renewed
    same = [name for name in merged if name not in renewed]
    pd.testing.assert_series_equal(changed[same], first[same])
    pd.testing.assert_series_equal(merged.iloc[1], ledger.iloc[1])
    assert merged["mine"].tolist() == ["kept", "", ""]


def test_a_file_from_elsewhere_without_prediction_does_not_wipe_one():
    merged = merge(ledger_of(entry("a")), [entry("a", predicted={}, prior="", file="b.csv")])
    assert merged.loc[0, ["file", "prior", "predicted_micro_f1"]].tolist() == ["b.csv", "given", 70]


def test_a_prediction_that_is_refused_later_leaves():
    merged = merge(ledger_of(entry("a")), [entry("a", predicted={}, prior="given")])
    assert merged.loc[0, "prior"] == "given"
    assert merged.filter(like="predicted_").isna().all(axis=None)


def test_a_prediction_is_replaced_as_a_whole():
    merged = merge(ledger_of(entry("a")), [entry("a", predicted={"auprc": Estimate(9, 8, 10)})])
    assert math.isnan(merged.loc[0, "predicted_micro_f1_high"])
    assert merged.loc[0, "predicted_auprc_high"] == 10


def test_of_two_that_are_the_same_file_the_first_has_the_row(caplog):
    caplog.set_level("INFO")
    merged = ledger_of(entry("a", name="soft_vote"), entry("a", name="hard_vote"), entry("b"))
    assert merged["name"].tolist() == ["soft_vote", "experiment_b"]
    assert "3 candidates are 2 files" in caplog.text


def test_inputs_stay_as_they_were():
    ledger, new = (
        ledger_of(entry("a")),
        tabulate_entries([entry("a", f1=50.0), entry("b")], COLUMNS),
    )
    before = ledger.copy(), new.copy()
    table.merge_ledger(ledger, new, COLUMNS)
    pd.testing.assert_frame_equal(ledger, before[0])
    pd.testing.assert_frame_equal(new, before[1])


CELLS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=6)
SCORES = st.one_of(st.just(float("nan")), st.floats(1.001, 100))
ENTRIES = st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(2, 98)), max_size=8)


@given(st.lists(st.tuples(SCORES, SCORES, CELLS, CELLS), min_size=3, max_size=3), ENTRIES, ENTRIES)
@settings(max_examples=6, deadline=None)
def test_whatever_is_made_in_whatever_order_a_persons_cells_stay(yours, first, second):
    ledger = ledger_of(entry("a"), entry("b"), entry("c"))
    for row, (f1, area, note, own) in enumerate(yours):
        ledger.loc[row, ["public_micro_f1", "public_auprc", "note"]] = [f1, area, note]
        ledger.loc[row, "mine"] = own
    merged = ledger
    for made in (first, second):
        entries = [entry(digit, f1=f1) for digit, f1 in made]
        merged = merge(merged, entries)
    kept = merged.iloc[:3].reset_index(drop=True)
    columns = [*COLUMNS.yours, "mine", "created_at", "name", "members"]
    pd.testing.assert_frame_equal(kept[columns], ledger[columns])
    assert set(merged["sha256"]) == {digit * 64 for digit in "abc"} | {
        digit * 64 for digit, _ in first + second
    }
    assert merged["sha256"].is_unique
    latest = {digit * 64: f1 for digit, f1 in reversed(first)}
    latest |= {digit * 64: f1 for digit, f1 in reversed(second)}
    for sha256, f1 in latest.items():
        assert merged.loc[merged["sha256"] == sha256, "predicted_micro_f1"].item() == f1


def test_columns_of_a_person_may_be_anywhere_and_missing_ones_are_added():
    cells = texts(mine="x", public_micro_f1=" 73.5 ")[
        ["mine", "prior", "public_micro_f1", "name", "members", "sha256", "file", "created_at",
         "select_by"]
    ]  # fmt: skip
    checked = check(cells)
    assert checked.columns.tolist() == [*COLUMNS.all, "mine"]
    assert checked.loc[0, ["public_micro_f1", "mine", "note"]].tolist() == [73.5, "x", ""]


def test_a_checked_ledger_stays_as_it_is():
    ledger = ledger_of(entry("a"), entry("b"))
    pd.testing.assert_frame_equal(check(ledger), ledger)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"public_micro_f1": "0.732"}, "line 7: public_micro_f1 is '0.732'; scores go from 0 to "
                                       "100: write 73.2."),
        ({"public_auprc": "1"}, "line 7: public_auprc is '1'; scores go from 0 to 100: write 100."),
        ({"public_micro_f1": "73,2"}, "is '73,2'; a number from 0 to 100 was wanted"),
        ({"public_micro_f1": "73.2%"}, "with a point and without a unit"),
        ({"public_micro_f1": "nan"}, "public_micro_f1 is 'nan'; a number from 0 to 100"),
        ({"public_micro_f1": "-1"}, "public_micro_f1 is '-1'; a number from 0 to 100"),
        ({"public_auprc": "100.01"}, "public_auprc is '100.01'; a number from 0 to 100"),
        ({"predicted_auprc_low": "x"}, "predicted_auprc_low is 'x'; a number from 0 to 100"),
        ({"prior": "guess"}, "prior is 'guess'; given, estimated, plain or nothing was wanted"),
        ({"sha256": ""}, "sha256 is ''; 64 hexadecimal digits were wanted. kedro check-submission"),
        ({"sha256": "a" * 63}, "64 hexadecimal digits were wanted"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_line(cells, message):
    with pytest.raises(ValueError, match="The ledger is wrong:\nline 7: ") as raised:
        check(texts(**cells), [7])
    assert message in str(raised.value)


def test_two_rows_of_one_file_are_named_both():
    rows = pd.concat([texts(), texts(sha256="b" * 64), texts(sha256="A" * 64)])
    with pytest.raises(
        ValueError, match=r"line 3: 2 rows have sha256 a{12}…; keep one.*\nline 9: 2 "
    ):
        check(rows, [3, 5, 9])


def test_many_wrong_cells_are_counted_and_rows_numbered_where_there_are_no_lines():
    rows = [texts(sha256=f"{row:064x}", public_auprc="?") for row in range(14)]
    with pytest.raises(ValueError, match="row 1: public_auprc") as raised:
        check(pd.concat(rows))
    assert str(raised.value).splitlines()[-2:] == [
        "row 10: public_auprc is '?'; a number from 0 to 100 was wanted, with a point and without "
        "a unit, or nothing.",
        "and 4 more",
    ]


def test_columns_of_the_pipelines_have_to_be_there():
    with pytest.raises(ValueError, match="has no column sha256, prior; found file, created_at"):
        check(texts().drop(columns=["sha256", "prior"]))


def test_new_rows_are_checked_too():
    with pytest.raises(ValueError, match="row 1: prior is 'guessed'"):
        ledger_of(entry("a", prior="guessed"))


@pytest.mark.parametrize(
    ("cells", "submitted"),
    [
        ({}, False),
        ({"note": "not yet"}, False),
        ({"submitted_at": "yesterday"}, True),
        ({"public_auprc": "0"}, True),
    ],
)
def test_a_file_counts_as_submitted_once_a_person_says_so(cells, submitted):
    assert COLUMNS.is_submitted(check(texts(**cells))).tolist() == [submitted]


def test_a_file_written_over_leaves_unless_a_person_wrote_into_its_row():
    """Every run writes submission.csv anew; what was never submitted is not worth a row."""
    former = [entry(digit, file="submission.csv") for digit in "abc"]
    ledger = ledger_of(*former, entry("d"))
    ledger.loc[ledger["sha256"] == "b" * 64, "public_micro_f1"] = 70.0
    ledger.loc[ledger["sha256"] == "c" * 64, "note"] = "look again"
    merged = merge(ledger, [entry("e", file="submission.csv")])
    assert merged["sha256"].tolist() == ["b" * 64, "c" * 64, "d" * 64, "e" * 64]


def test_so_does_one_that_is_written_over_by_the_same_file_as_another():
    """Two methods may make the same blend; the first alone has a row."""
    before = ledger_of(entry("a", file="hard.csv"), entry("b", file="soft.csv"))
    both = [entry("c", file="hard.csv"), entry("c", file="soft.csv")]
    assert merge(before, both)["sha256"].tolist() == ["c" * 64]
