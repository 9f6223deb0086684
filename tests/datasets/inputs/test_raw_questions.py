"""Sources of questions: files, folders of save_to_disk as they are and as they were, hub splits."""

import json

import pyarrow as pa
import pytest
from kedro.io import DatasetError

import datasets
from klue_pipeline.datasets.inputs.raw_questions import RawQuestionsDataset
from klue_pipeline.text.records.raw_file import FormatError

ROWS = [
    {
        "id": "mrc-0",
        "question": "수도는?",
        "context": "서울은 수도다.",
        "answers": {"answer_start": [0], "text": ["서울"]},
    },
    {
        "id": "mrc-1",
        "question": "강은?",
        "context": "한강은 강이다.",
        "answers": {"answer_start": [0], "text": ["한강"]},
    },
]


def load(path):
    return RawQuestionsDataset(source=str(path), setting="odqa.raw.train").load()


@pytest.fixture
def folder(tmp_path):
    """What the contest hands out: a folder with a folder for each part."""
    train = datasets.Dataset.from_list(ROWS)
    parts = datasets.DatasetDict({"train": train, "validation": train.select([1])})
    parts.save_to_disk(str(tmp_path / "train_dataset"))
    return tmp_path / "train_dataset"


def test_a_file_is_one_part(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(ROWS[0]))
    raw = load(path)
    assert (list(raw.parts), raw.pick("train").text) == ([""], json.dumps(ROWS[0]))
    missing = RawQuestionsDataset(source=None, setting="odqa.raw.validation")
    assert (missing.load(), missing.exists(), missing.resolved_source) == (None, False, None)


def test_a_folder_has_its_parts_and_a_part_is_a_folder(folder):
    raw = load(folder)
    assert "" not in raw.parts
    assert {name: list(part.records) for name, part in raw.parts.items()} == {
        "train": ROWS,
        "validation": ROWS[1:],
    }
    assert raw.pick("test", "validation").records == ROWS[1:]
    assert raw.parts["train"].name == f"{folder}/train"
    with pytest.raises(FormatError, match=r"parts train, validation; wanted test.*/train"):
        raw.pick("test")
    only = load(folder / "validation")
    assert (list(only.parts), only.pick("train").records) == ([""], ROWS[1:])


def test_a_folder_of_2021_is_read(tmp_path):
    """Written by hand as version 1 of the library wrote it."""
    table = pa.Table.from_pylist(ROWS)
    path = str(tmp_path / "dataset.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    text, start = ({"dtype": kind, "id": None, "_type": "Value"} for kind in ("string", "int64"))
    answers = {"feature": {"answer_start": start, "text": text}, "length": -1, "_type": "Sequence"}
    features = dict.fromkeys(("id", "question", "context"), text) | {"answers": answers}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": features}))
    state = {"_data_files": [{"filename": "dataset.arrow"}], "_fingerprint": "a", "_split": None}
    state |= {"_format_columns": None, "_format_kwargs": {}, "_format_type": None}
    (tmp_path / "state.json").write_text(json.dumps(state | {"_output_all_columns": False}))
    assert load(tmp_path).pick("train").records == ROWS


def cut_arrow(folder):
    (path,) = (folder / "train").glob("*.arrow")
    path.write_bytes(path.read_bytes()[:300])


def cut_state(folder):
    (folder / "train" / "state.json").write_text('{"_data_files": [')


def lose_part(folder):
    (folder / "validation" / "state.json").unlink()


def be_another(folder):
    (folder / "dataset_dict.json").unlink()


@pytest.mark.parametrize("damage", [cut_arrow, cut_state, lose_part, be_another])
def test_a_folder_that_is_not_whole_says_what_to_do(folder, damage):
    damage(folder)
    with pytest.raises(DatasetError, match=r"train_dataset is a folder.*--params odqa\.raw\.train"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", None, r"There is no file .*x\.json"),
        ("x.json", b" ", r"x\.json is empty"),
        ("x.json", '{"question": "뭐?"}'.encode("cp949"), "is not UTF-8. It reads as CP949"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_setting(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        load(tmp_path / name)


def test_a_hub_split_is_asked_for_by_its_id(monkeypatch):
    asked = []

    def load_dataset(*names, split):
        asked.append((*names, split))
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    raw = load("hub:klue:mrc:train")
    assert asked == [("klue", "mrc", "train")]
    assert raw.pick("train").records == ROWS
