"""Partitions that may not be there yet."""

import json

from klue_pipeline.datasets.tables.optional_partitions import OptionalPartitionsDataset


def make_dataset(folder):
    return OptionalPartitionsDataset(
        path=str(folder), filename_suffix="/record.json", dataset="json.JSONDataset"
    )


def test_without_a_folder_or_a_file_there_is_nothing(tmp_path):
    assert make_dataset(tmp_path / "missing").load() == {}
    (tmp_path / "other.json").write_text("{}")
    assert make_dataset(tmp_path).load() == {}


def test_partitions_are_loaded_when_asked_for(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text(json.dumps({"name": name}))
    loaders = make_dataset(tmp_path).load()
    assert {name: load() for name, load in loaders.items()} == {
        "one": {"name": "one"},
        "two": {"name": "two"},
    }


def test_what_came_after_a_first_look_is_loaded(tmp_path):
    dataset = make_dataset(tmp_path)
    assert not dataset.exists()
    (tmp_path / "one").mkdir()
    (tmp_path / "one/record.json").write_text("{}")
    assert list(dataset.load()) == ["one"]
