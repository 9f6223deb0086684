"""The clean pipeline on a hand-made catalog, and its settings file."""

import json
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import ParquetDataset

from klue_pipeline.pipelines.clean import create_pipeline
from klue_pipeline.pipelines.clean.nodes import assign_folds
from klue_pipeline.relation.params import CleanParams
from klue_pipeline.training.params import FoldsParams

LABELS = {"names": ["no_relation", "org:founded_by", "org:product"], "negative": "no_relation"}
SETTINGS = yaml.safe_load(
    (Path(__file__).parents[3] / "conf/base/parameters_clean.yml").read_text(encoding="utf-8")
)


def sentences(n_rows=24):
    """Rows whose pairs come in threes, an exact duplicate and a contradictory twin at the end."""
    numbers = range(n_rows)
    rows = pd.DataFrame(
        {
            "row_id": [f"r{n}" for n in numbers],
            "sentence": [f"회사{n // 3:02}의 창업자는 사람{n // 3:02}이다. ({n})" for n in numbers],
            "subject_text": [f"회사{n // 3:02}" for n in numbers],
            "subject_start": 0,
            "subject_end": 4,
            "subject_type": "ORG",
            "object_text": [f"사람{n // 3:02}" for n in numbers],
            "object_start": 11,
            "object_end": 15,
            "object_type": "PER",
            "type_pair": "ORG:PER",
            "pair_key": [f"사람{n // 3:02}\t회사{n // 3:02}" for n in numbers],
            "label": [LABELS["names"][n % 3] for n in numbers],
            "source": None,
            "given_fold": pd.array([n // 3 % 3 for n in numbers], dtype="Int64"),
        }
    )
    duplicate = rows.iloc[[4]].assign(row_id="duplicate")
    twin = rows.iloc[[4]].assign(row_id="twin", label="no_relation")
    return pd.concat([twin, rows, duplicate], ignore_index=True)


@pytest.fixture
def run(tmp_path):
    """Run the pipeline with changed fold settings; what nodes hand on goes through a file."""
    return partial(run_with, tmp_path / "clean_sentences.parquet")


def run_with(path, folds):
    catalog = DataCatalog(
        {
            "sentences": MemoryDataset(sentences()),
            "labels": MemoryDataset(LABELS),
            "clean_sentences": ParquetDataset(filepath=str(path)),
            "params:clean": MemoryDataset(CleanParams(**SETTINGS["clean"])),
            "params:folds": MemoryDataset(FoldsParams(**SETTINGS["folds"] | folds)),
        }
    )
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    names = ["dropped_rows", "cleaning_report", "fold_members", "fold_report"]
    return [pd.read_parquet(path), *(outputs[name].load() for name in names)]


def test_default_settings_give_leak_free_folds(run):
    kept, dropped, cleaning_report, members, fold_report = run({})
    assert (len(kept), dropped["row_id"].tolist()) == (24, ["twin", "duplicate"])
    assert cleaning_report["rows_in"] == cleaning_report["rows_out"] + len(dropped)
    assert sorted(members["row_id"]) == sorted(kept["row_id"])
    assert fold_report["leak_rate"] == 0.0
    pairs = members.merge(kept, on="row_id").groupby("pair_key")["fold"].nunique()
    assert (pairs == 1).all()
    assert json.loads(json.dumps([cleaning_report, fold_report])) == [cleaning_report, fold_report]


@pytest.mark.parametrize(
    ("folds", "validation_rows", "leaks"),
    [
        ({"strategy": "stratified"}, [8, 8, 8], True),
        ({"strategy": "kfold"}, [8, 8, 8], True),
        ({"strategy": "shuffle_split", "n_splits": 5, "validation_share": 0.25}, [6] * 5, True),
        ({"strategy": "holdout", "n_splits": 1, "validation_share": 0.25}, [6], True),
        ({"strategy": "given"}, [9, 9, 6], False),
    ],
)
def test_every_strategy_runs(run, folds, validation_rows, leaks):
    *_, members, fold_report = run(folds)
    assert members.groupby("fold").size().tolist() == validation_rows
    assert [fold["validation_rows"] for fold in fold_report["folds"]] == validation_rows
    assert (fold_report["leak_rate"] > 0) is leaks


def test_folds_do_not_depend_on_the_index_nor_on_which_are_run():
    rows = sentences()[1:-1]
    params = FoldsParams(**SETTINGS["folds"])
    wanted, _ = assign_folds(rows, params)
    shuffled_index = rows.set_index(pd.Index(range(len(rows), 0, -1)))
    for again in (
        assign_folds(shuffled_index, params)[0],
        assign_folds(rows, params.model_copy(update={"run": [1]}))[0],
    ):
        pd.testing.assert_frame_equal(again, wanted)


def test_too_few_groups_are_refused(run):
    with pytest.raises(ValueError, match="cannot make 9 folds of 8 groups"):
        run({"n_splits": 9})
