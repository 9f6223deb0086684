"""The clean pipeline on a hand-made catalog, and its settings file."""

import json
import logging
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import ParquetDataset

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.clean import create_pipeline
from klue_pipeline.pipelines.clean.nodes import assign_folds
from klue_pipeline.relation.cleaning import Tables, restore_tables
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.params import IngestParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

LABELS = LabelSet(names=["no_relation", "org:founded_by", "org:product"], negative="no_relation")
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
            "label": [LABELS.names[n % 3] for n in numbers],
            "source": None,
            "given_fold": pd.array([n // 3 % 3 for n in numbers], dtype="Int64"),
        }
    )
    duplicate = rows.iloc[[4]].assign(row_id="duplicate")
    twin = rows.iloc[[4]].assign(row_id="twin", label="no_relation")
    return pd.concat([twin, rows, duplicate], ignore_index=True)


def test_sentences():
    """Test rows of which the second is in the training file, too, and the last cannot be read."""
    rows = sentences().iloc[[1, 7, 9]]
    nothing = pd.Series([None] * 3, dtype="str", index=rows.index)
    texts = ["“새 회사”의 " + rows["sentence"].iloc[0], *rows["sentence"].iloc[1:]]
    moved = {name: rows[name] + [8, 0, 0] for name in rows if name.endswith(("_start", "_end"))}
    problem = pd.Series([None, None, "empty sentence"], dtype="str", index=rows.index)
    return rows.assign(
        **moved, sentence=texts, row_id=["t0", "t1", "t2"], label=nothing, problem=problem
    )


@pytest.fixture(autouse=True)
def shape():
    """The graph asks no earlier experiment, unless a test says so."""
    folds = FoldsParams(**SETTINGS["folds"])
    topology.set_shape(topology.Shape(folds))
    yield partial(topology.Shape, folds)
    topology.forget_shape()


@pytest.fixture
def run(tmp_path):
    """Run the pipeline with changed fold settings; what nodes hand on goes through a file."""
    return partial(run_with, tmp_path / "clean_sentences.parquet")


OUTPUTS = ["dropped_rows", "cleaning_report", "fold_members", "fold_report"]


def run_with(path, folds, clean=None, outputs=OUTPUTS, **given):
    datasets = {
        "sentences": sentences(),
        "test_sentences": test_sentences(),
        "labels": LABELS,
        "reviewed_rows": None,
        "params:clean": CleanParams(**SETTINGS["clean"] | (clean or {})),
        "params:ingest": IngestParams(
            format="auto", label_set="auto", max_rejected_share=0.1, seed=1
        ),
        "params:folds": FoldsParams(**SETTINGS["folds"] | folds),
        **given,
    }
    catalog = DataCatalog({name: _Given(value) for name, value in datasets.items()})
    catalog["clean_sentences"] = ParquetDataset(filepath=str(path))
    made = SequentialRunner().run(create_pipeline(), catalog)
    return [pd.read_parquet(path), *(made[name].load() for name in outputs)]


class _Given(MemoryDataset):
    """Holds None as well, as the file of the user's that is not there."""

    def load(self):
        return self._data


def test_default_settings_give_leak_free_folds(run):
    kept, dropped, cleaning_report, members, fold_report = run({})
    assert (len(kept), dropped["row_id"].tolist()) == (23, ["twin", "r6", "duplicate"])
    assert dropped["reason"].tolist() == ["negative_twin", "in_test_file", "exact_duplicate"]
    assert cleaning_report["rows_in"] == cleaning_report["rows_out"] + len(dropped)
    assert sorted(members["row_id"]) == sorted(kept["row_id"])
    assert fold_report["leak_rate"] == 0.0
    pairs = members.merge(kept, on="row_id").groupby("pair_key")["fold"].nunique()
    assert (pairs == 1).all()
    assert json.loads(json.dumps([cleaning_report, fold_report])) == [cleaning_report, fold_report]


ROWS = ["clean_test_sentences", "dropped_rows", "changed_rows"]


def test_test_rows_are_changed_alike_never_dropped_and_everything_can_be_taken_back(run):
    rules = ["normalise_text", *SETTINGS["clean"]["rules"]]
    kept, test, dropped, changed = run({}, {"rules": rules}, ROWS)
    assert test["row_id"].tolist() == ["t0", "t1", "t2"]
    assert test["sentence"].tolist()[0].startswith('"새 회사"의 회사')
    assert changed["file"].tolist() == ["test"]
    restored = restore_tables(Tables(kept, test), dropped, changed)
    pd.testing.assert_frame_equal(restored.train, sentences(), check_dtype=False)
    wanted = test_sentences().reset_index(drop=True)
    pd.testing.assert_frame_equal(restored.test, wanted, check_dtype=False)


def test_a_review_is_carried_out_and_one_that_no_rule_reads_is_said(run, caplog):
    review = pd.DataFrame({"row_id": ["r0"], "decision": ["drop"], "new_label": [""]})
    kept, *_ = run({}, reviewed_rows=review)
    assert "r0" not in kept["row_id"].tolist()
    with caplog.at_level(logging.WARNING):
        kept, *_ = run({}, {"rules": ["exact_duplicates"]}, reviewed_rows=review)
    assert "r0" in kept["row_id"].tolist()
    assert "raw.reviewed_rows is not read" in caplog.text


def test_a_sample_of_the_rows_need_not_hold_every_reviewed_row(run):
    review = pd.DataFrame({"row_id": ["r77"], "decision": ["drop"], "new_label": [""]})
    with pytest.raises(ValueError, match="1 ids of no training row, first: row r77 drop"):
        run({}, reviewed_rows=review)
    sample = IngestParams(
        format="auto", label_set="auto", max_rejected_share=0.1, seed=1, max_rows=26
    )
    kept, *_ = run({}, reviewed_rows=review, **{"params:ingest": sample})
    assert len(kept) == 23


def test_an_earlier_experiment_is_asked_where_a_rule_asks_it(run, shape):
    topology.set_shape(shape(asked_to_clean=("first",)))
    scores = ScoreTable(
        row_ids=np.array(["r4"], dtype=object),
        logits=np.array([[3, 1, 0]], dtype=np.float32),
        labels=tuple(LABELS.names),
    )
    keep = {"keep": "keep_by_model", "previous": "first"}
    clean = {"contradictory_duplicates": keep}
    kept, *_ = run({}, clean, earlier_scores_first=scores)
    assert {"twin"} == {"twin", "r4"} & set(kept["row_id"])


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
    twins_only = {"rules": ["exact_duplicates", "contradictory_duplicates"]}
    *_, members, fold_report = run(folds, twins_only)
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
