"""The ledger on disk, written by runs and spreadsheets in turn."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.submission_ledger import SubmissionLedgerDataset
from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.reporting.ledger.entries import Entry, tabulate_entries
from klue_pipeline.reporting.ledger.table import LedgerColumns

SCORES = ("micro_f1", "auprc")
COLUMNS = LedgerColumns(SCORES).all
HEADER = ",".join(COLUMNS)


def rows(*entries):
    return tabulate_entries(entries, LedgerColumns(SCORES))


def made(digit, f1=70.0, name="소프트 보팅"):
    return Entry(
        sha256=digit * 64,
        file=f"data/{digit}.csv",
        created_at=datetime(2021, 10, 5, tzinfo=UTC),
        name=name,
        members=("rbert", "typed"),
        select_by="micro_f1",
        predicted={"micro_f1": Estimate(f1, f1 - 1.5, f1 + 1.5)},
        prior="plain",
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reports" / "submissions.csv"


@pytest.fixture
def ledger(path):
    return SubmissionLedgerDataset(filepath=str(path), scores=SCORES)


def save_as_spreadsheet(path, table):
    """Write a table as Excel's CSV UTF-8: byte order mark, CRLF, all rows equally wide."""
    text = table.to_csv(index=False, lineterminator="\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())


def test_without_a_file_there_is_an_empty_ledger(ledger, path):
    assert not ledger.exists()
    assert ledger.load().columns.tolist() == COLUMNS
    assert ledger.load().empty
    assert not path.exists()


def test_an_expired_ledger_counts_as_missing_until_it_is_saved_and_loses_nothing(ledger, path):
    ledger.save(rows(made("a")))
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(",,,,\n", ",2021-10-06,73.2,,\n"), encoding="utf-8-sig")
    ledger.expire()
    assert not ledger.exists()
    assert path.is_file()
    ledger.save(rows(made("b")))
    assert ledger.exists()
    loaded = ledger.load()
    assert loaded["sha256"].tolist() == ["a" * 64, "b" * 64]
    assert loaded.loc[0, ["submitted_at", "public_micro_f1"]].tolist() == ["2021-10-06", 73.2]


def test_the_first_save_makes_the_file_and_the_next_adds_to_it(ledger, path):
    ledger.save(rows(made("a")))
    assert ledger.exists()
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsha256,file,created_at,name,")
    assert "소프트 보팅" in path.read_text(encoding="utf-8-sig")
    ledger.save(rows(made("b"), made("a", f1=71.0)))
    loaded = ledger.load()
    assert loaded["sha256"].tolist() == ["a" * 64, "b" * 64]
    assert loaded["predicted_micro_f1"].tolist() == [71.0, 70.0]
    assert [found.name for found in path.parent.iterdir()] == ["submissions.csv"]
    before = path.read_bytes()
    ledger.save(rows(made("b")))
    ledger.save(ledger.load())
    with pytest.raises(
        DatasetError, match=r"submissions\.csv was not written: The ledger is wrong"
    ):
        ledger.save(rows(made("b", f1=120.0)))
    assert path.read_bytes() == before


def test_a_spreadsheet_may_move_and_add_columns(ledger, path):
    ledger.save(rows(made("a"), made("b")))
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.loc[1, ["submitted_at", "public_micro_f1", "note"]] = ["2021-10-06", "73", "두\n줄, 쉼표"]
    table["mine"] = ["007", ""]
    save_as_spreadsheet(path, table[sorted(table, reverse=True)])
    ledger.save(rows(made("b", f1=72.0), made("c")))
    loaded = ledger.load()
    assert loaded.columns.tolist() == [*COLUMNS, "mine"]
    assert loaded["mine"].tolist() == ["007", "", ""]
    columns = ["submitted_at", "public_micro_f1", "note", "predicted_micro_f1"]
    assert loaded.loc[1, columns].tolist() == ["2021-10-06", 73.0, "두\n줄, 쉼표", 72.0]


def test_what_a_spreadsheet_leaves_empty_is_no_row_and_no_column(ledger, path):
    ledger.save(rows(made("a")))
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    empty = "," * HEADER.count(",")
    path.write_text("\n".join([lines[0] + ",,", lines[1] + ",,", empty + ",,", empty, ""]))
    loaded = ledger.load()
    assert (len(loaded), loaded.columns.tolist()) == (1, COLUMNS)


def test_a_wrong_cell_is_named_by_its_line_and_the_file_stays(ledger, path):
    ledger.save(rows(made("a"), made("b")))
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.loc[0, "note"] = "two\nlines"
    table.loc[1, "public_micro_f1"] = "0.732"
    save_as_spreadsheet(path, table)
    before = path.read_bytes()
    message = "line 4: public_micro_f1 is '0.732'; scores go from 0 to 100: write 73.2."
    with pytest.raises(DatasetError, match=message):
        ledger.load()
    with pytest.raises(DatasetError, match=message):
        ledger.save(rows(made("c")))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n소프트".join([HEADER, ""]).encode("cp949"), "line 2: byte 0x.. is not UTF-8"),
        (b"PK\x03\x04[Content_Types].xml", "this is a workbook; save the sheet as CSV UTF-8"),
        (b"", "the file is empty"),
        (HEADER.replace(",", ";").encode(), "has no column sha256, file"),
        (f"{HEADER},note\n".encode(), "line 1 has more than one column note"),
        (f"{HEADER}\n{'a' * 64}{',' * 20}x\n".encode(), "line 2 has 21 cells, the header 17"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_written_over(ledger, path, content, message):
    path.parent.mkdir()
    path.write_bytes(content)
    for act in (ledger.load, lambda: ledger.save(rows(made("a")))):
        with pytest.raises(DatasetError, match=message):
            act()
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_written_is_named(ledger, path, monkeypatch):
    def refuse(*_):
        raise PermissionError("open elsewhere")

    ledger.save(rows(made("a")))
    monkeypatch.setattr(type(path), "replace", refuse)
    with pytest.raises(
        DatasetError, match=r"open elsewhere\. Close it if a spreadsheet has it open"
    ):
        ledger.save(rows(made("b")))
    assert len(ledger.load()) == 1
