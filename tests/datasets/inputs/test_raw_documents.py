"""Documents are opened, not read; a folder of texts is a document a file."""

import logging

import pandas as pd
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.raw_documents import RawDocumentsDataset
from klue_pipeline.odqa.ingest.documents import read_documents


def load(path):
    return RawDocumentsDataset(source=str(path), setting="odqa.raw.documents").load()


def test_a_folder_is_a_document_a_file_in_the_order_of_their_paths(tmp_path, caplog):
    (tmp_path / "강").mkdir()
    (tmp_path / "강" / "한강.md").write_text("한강은 강이다.", encoding="utf-8-sig")
    (tmp_path / "서울.txt").write_text("서울은 수도다.")
    (tmp_path / "old.txt").write_bytes("부산".encode("cp949"))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with caplog.at_level(logging.WARNING):
        raw = load(tmp_path)
    assert "1 files are not" in caplog.text
    for _ in range(2):
        documents = list(read_documents(raw))
        assert [(each.row_id, each.title, each.text) for each in documents] == [
            ("old.txt", "", ""),
            ("강/한강.md", "한강", "한강은 강이다."),
            ("서울.txt", "서울", "서울은 수도다."),
        ]
        assert "wanted text" in documents[0].problem


def test_files_are_read_when_somebody_iterates(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    raw = load(tmp_path / "a.jsonl")
    assert raw.text is None
    (tmp_path / "a.jsonl").write_text('{"document_id": 7, "text": "서울"}\n')
    assert [each.row_id for each in read_documents(raw)] == ["7"]
    pd.DataFrame({"id": [1], "text": ["부산"]}).to_parquet(tmp_path / "a.parquet")
    assert [each.text for each in read_documents(load(tmp_path / "a.parquet"))] == ["부산"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty", None, r"a folder without files \.txt or \.md \(0 others\)"),
        ("none.json", None, r"There is no file .*none\.json"),
        ("x.json", b"PK\x03\x04", "is a zip archive; unpack it"),
        ("x.parquet", b"PAR1 cut off", "cannot be read as Parquet"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path, name, content, message):
    (tmp_path / "empty").mkdir()
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        load(tmp_path / name)
