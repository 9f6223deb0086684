"""Kedro's datasets as ours: whole or not there, and UTF-8 whatever the machine says."""

import json

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DatasetError
from matplotlib.figure import Figure

from klue_pipeline.datasets.tables.optional_partitions import WholePartitionsDataset
from klue_pipeline.datasets.whole.figures import MatplotlibDataset
from klue_pipeline.datasets.whole.parquet import ParquetDataset
from klue_pipeline.datasets.whole.texts import JSONDataset, TextDataset
from klue_pipeline.settings import CONFIG_LOADER_ARGS

TABLE = pd.DataFrame({"문장": ["이순신은 조선의 무신이다."]})
KINDS = {
    "a.parquet": (ParquetDataset, TABLE),
    "a.json": (JSONDataset, {"문장": "이순신"}),
    "a.txt": (TextDataset, "이순신"),
    "a.png": (MatplotlibDataset, Figure()),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_replaced_whole(tmp_path, name):
    make, data = KINDS[name]
    path = tmp_path / "new" / name
    dataset = make(filepath=str(path))
    dataset.save(data)
    before = path.read_bytes()
    half = {"a.json": {"문장": [1, object()]}, "a.txt": 3}.get(name, object())
    with pytest.raises(DatasetError):
        dataset.save(half)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [name]


def test_a_stream_of_tables_is_one_file_or_none(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "a.parquet"))

    def tables(last):
        yield TABLE.head(0)  # the first one says the columns' types
        yield TABLE
        yield last

    dataset.save(tables(TABLE[::-1]))
    found = dataset.load()
    pd.testing.assert_frame_equal(found, pd.concat([TABLE, TABLE], ignore_index=True))
    with pytest.raises(DatasetError):
        dataset.save(tables(pd.DataFrame({"other": [1]})))
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    pd.testing.assert_frame_equal(dataset.load(), found)


@pytest.mark.parametrize("name", ["a.json", "a.txt"])
def test_text_is_utf_8_whatever_the_locale(tmp_path, name):
    """Python has chosen its encoding for all tests; what stands in ``open`` wins over it."""
    make, data = KINDS[name]
    dataset = make(filepath=str(tmp_path / name))
    for arguments in (dataset._fs_open_args_save, dataset._fs_open_args_load):
        assert arguments["encoding"] == "utf-8"
    dataset.save(data)
    assert (tmp_path / name).read_text(encoding="utf-8").strip()
    assert dataset.load() is not None


def test_json_that_was_cut_is_said(tmp_path):
    (tmp_path / "a.json").write_text('{"half": ')
    with pytest.raises(DatasetError, match=r"a\.json is no JSON .*Copy it again"):
        JSONDataset(filepath=str(tmp_path / "a.json")).load()


def test_partitions_change_together(tmp_path):
    dataset = WholePartitionsDataset(
        path=str(tmp_path / "blends"),
        dataset="klue_pipeline.datasets.whole.texts.JSONDataset",
        filename_suffix="/a.json",
    )
    dataset.save({"mean": {"a": 1}, "vote": {"a": 2}})
    with pytest.raises(DatasetError):
        dataset.save({"mean": {"a": 3}, "stack": {"a": object()}})
    assert {name: load() for name, load in dataset.load().items()} == {
        "mean": {"a": 1},
        "vote": {"a": 2},
    }
    dataset.save({"mean": {"a": 3}})
    assert {name: load() for name, load in dataset.load().items()} == {"mean": {"a": 3}}
    assert [path.name for path in tmp_path.iterdir()] == ["blends"]


@pytest.mark.parametrize("env", ["test", "klue", "own"])
def test_every_file_that_a_run_writes_is_one_of_ours(env):
    """Kedro's own are left where partitions are only read."""
    entries = OmegaConfigLoader("conf", env=env, **CONFIG_LOADER_ARGS)["catalog"]
    foreign = {
        name: entry["type"]
        for name, entry in entries.items()
        if not entry["type"].startswith("klue_pipeline.")
    }
    assert set(foreign.values()) <= {"partitions.PartitionedDataset"}
    assert all(name.endswith("@all") or name.startswith("all_") for name in foreign)


def test_a_preview_holds_nothing_that_json_does_not_know(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "rows.parquet"))
    dataset.save(pd.DataFrame({"answers": [["무신", "장군"], []], "kind": ["a", "b"]}))
    preview = dataset.preview(nrows=1)
    assert json.loads(json.dumps(preview))["data"] == [[["무신", "장군"], "a"]]
    assert type(dataset).preview.__annotations__["return"] == "TablePreview"
