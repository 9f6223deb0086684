"""A list for a reviewer: what is never written over, and that it is a CSV dataset otherwise."""

import logging
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog

ENTRY = {
    "type": "klue_pipeline.datasets.tables.review_list.ReviewListDataset",
    "save_args": {"index": False},
    "fs_args": {"open_args_save": {"mode": "w", "encoding": "utf-8-sig"}},
    "load_args": {
        "encoding": "utf-8-sig", "keep_default_na": False, "na_values": [""],
        "dtype": {"row_id": str, "decision": str, "new_label": str},
    },
    "metadata": {"kedro-viz": {"layer": "reporting", "preview_args": {"nrows": 1}}},
}  # fmt: skip
NEW = pd.DataFrame(
    {
        "row_id": ["007", "8"],
        "sentence": ["[[이순신]]은 <<조선>>의 무신이다.", "<<김>>, [[이]]"],
        "decision": ["", ""],
        "new_label": ["per:title", ""],
    }
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "label_suspects.csv"


@pytest.fixture
def dataset(path):
    return DataCatalog.from_config({"suspects": ENTRY | {"filepath": str(path)}})["suspects"]


def files(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_it_is_a_csv_dataset_for_kedro_and_its_plugins(dataset, path):
    assert not dataset.exists()
    dataset.save(NEW)
    assert dataset.exists()
    assert dataset.load().fillna("").equals(NEW)
    assert Path(dataset._filepath) == path
    assert dataset.metadata == ENTRY["metadata"]
    preview = dataset.preview(nrows=1)
    assert preview["columns"] == list(NEW)
    assert preview["data"][0][0] == "007"
    assert type(dataset).preview.__annotations__["return"] == "TablePreview"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_list_that_nobody_filled_in_is_written_over(dataset, path):
    dataset.save(NEW)
    dataset.save(NEW.head(1).assign(new_label="per:spouse"))
    assert files(path) == ["label_suspects.csv"]
    assert len(dataset.load()) == 1


def test_decisions_are_moved_beside_before_the_new_list_is_written(dataset, path, caplog):
    for number in (1, 2):
        dataset.save(NEW.assign(decision=[" ", "drop"]))
        filled_in = path.read_bytes()
        with caplog.at_level(logging.WARNING):
            dataset.save(NEW)
        assert (path.parent / f"label_suspects.reviewed-{number}.csv").read_bytes() == filled_in
        assert dataset.load()["decision"].isna().all()
    assert len(files(path)) == 3
    assert f"{path} was filled in or edited; it is label_suspects.reviewed-2.csv" in caplog.text


def test_the_first_free_number_is_taken(dataset, path):
    (path.parent / "label_suspects.reviewed-2.csv").write_text("mine")
    for _ in range(2):
        dataset.save(NEW.assign(decision="keep"))
        dataset.save(NEW)
    names = [f"label_suspects.reviewed-{number}.csv" for number in (1, 2, 3)]
    assert files(path) == ["label_suspects.csv", *names]
    assert (path.parent / names[1]).read_text() == "mine"


def test_decisions_that_the_new_list_holds_too_need_no_copy(dataset, path):
    dataset.save(NEW.assign(decision=["Relabel", "keep"]))
    dataset.save(NEW.assign(decision=["relabel", "keep"], new_label=["per:title", "per:spouse"]))
    assert files(path) == ["label_suspects.csv"]
    dataset.save(NEW.assign(decision=["relabel", "keep"], new_label="per:spouse"))
    assert len(files(path)) == 2  # the first row's new label would be lost


@pytest.mark.parametrize(
    "content",
    [
        "row_id;sentence;decision;new_label\n7;이순신;keep;\n".encode(),  # another separator
        "row_id,sentence,decision,new_label\n7,이순신,keep,\n".encode("cp949"),
        b"row_id,sentence,decision,new_label,memo\n7,a,,,look again\n",
        b"PK\x03\x04\xff\xfe",  # a workbook
    ],
)
def test_what_a_person_saved_otherwise_is_moved_too(dataset, path, content):
    path.write_bytes(content)
    dataset.save(NEW)
    assert (path.parent / "label_suspects.reviewed-1.csv").read_bytes() == content
    assert len(dataset.load()) == 2


def test_an_empty_file_of_a_killed_run_is_nobodys_work(dataset, path):
    path.write_bytes(b"")
    dataset.save(NEW)
    assert files(path) == ["label_suspects.csv"]


def test_a_list_is_set_aside_before_it_is_removed_if_it_was_filled_in(dataset, path):
    dataset.set_aside()  # there is none yet
    dataset.save(NEW)
    dataset.set_aside()
    assert files(path) == ["label_suspects.csv"]
    dataset.save(NEW.assign(decision=["drop", ""]))
    dataset.set_aside()
    assert files(path) == ["label_suspects.reviewed-1.csv"]
    path.write_bytes("번호;판단\n1;삭제;1\n".encode("cp949"))
    dataset.set_aside()
    assert files(path) == ["label_suspects.reviewed-1.csv", "label_suspects.reviewed-2.csv"]
