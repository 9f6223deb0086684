"""Rows to label: opened, not read; and refused where there is nothing to read."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.new_rows import NewRowsDataset


def test_text_is_opened_when_somebody_reads_and_loses_its_mark(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("본문\r\n가\r\n", encoding="utf-8-sig", newline="")
    raw = NewRowsDataset(source=str(path)).load()
    assert raw.text is None
    path.write_text("본문\r\n나\r\n", encoding="utf-8-sig", newline="")
    assert list(raw.lines()) == ["본문\r\n", "나\r\n"]
    assert raw.head() == "본문\r\n나\r\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (None, None, "nothing to label. Name a file with --params predict.input"),
        ("new.csv", None, r"There is no file .*new\.csv"),
        ("new.xlsx", b"PK", 'save the sheet as "CSV UTF-8"'),
        ("new.parquet", b"id,text", "cannot be read as Parquet.* It begins as text; let its name"),
        ("new.jsonl", b"\x1f\x8b\x08\x00", r"new\.jsonl is a gzip archive; unpack it"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path, name, content, message):
    source = None if name is None else str(tmp_path / name)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        NewRowsDataset(source=source).load()


def test_a_missing_sample_says_where_it_comes_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match=r"no file .*sample comes with the repository.*copy"):
        NewRowsDataset(source="data/01_raw/sample/test.csv").load()
