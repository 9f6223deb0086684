"""The odqa_train pipeline over a hand-made catalog: a reader for each fold."""

import pytest
import torch
from kedro.runner import SequentialRunner
from reader_catalog import make_reader_catalog

from klue_pipeline.odqa.reader.fold_reading import read_fold_number
from klue_pipeline.odqa.reader.reader_model import ReaderModel
from klue_pipeline.pipelines import odqa_tokenize, odqa_train
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

RELATION = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)


def choose(*folds):
    topology.set_shape(topology.Shape(RELATION, reading=topology.Reading(folds, 2)))


@pytest.fixture(autouse=True)
def _forget():
    yield
    topology.forget_shape()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Readers of two folds, and what training left in memory."""
    catalog = make_reader_catalog(tmp_path_factory.mktemp("readers"), strategy="group", n_splits=2)
    choose(0, 1)
    SequentialRunner().run(odqa_tokenize.create_pipeline(), catalog)
    outputs = SequentialRunner().run(odqa_train.create_pipeline(), catalog)
    in_memory = {name: data.load() for name, data in outputs.items() if "model" not in name}
    return catalog, in_memory


def test_each_fold_leaves_metrics_a_history_and_a_reader(trained):
    catalog, in_memory = trained
    members = catalog.load("odqa.fold_members")
    for number in (0, 1):
        metrics = in_memory[f"odqa.fold_{number}.metrics"]
        history = in_memory[f"odqa.fold_{number}.history"]
        assert metrics.keys() >= {"exact_match", "character_f1", "loss"}
        row = history.set_index("step").loc[int(metrics["best_step"])]
        assert row["validation_exact_match"] == metrics["exact_match"]
        model = catalog.load(f"odqa.fold_{number}.model")
        assert read_fold_number(model, members) == number
        assert {"model.safetensors", "config.json", "reader.json", "tokenizer.json"} <= {
            path.name for path in model.iterdir()
        }


def test_a_fold_that_is_trained_again_is_the_same(trained, tmp_path):
    catalog, in_memory = trained
    choose(1)
    again = make_reader_catalog(tmp_path, strategy="group", n_splits=2)
    for name in ("fold_members", "reader_examples", "reader_tokenizer", "reader_features"):
        again.save(f"odqa.{name}", catalog.load(f"odqa.{name}"))
    outputs = SequentialRunner().run(odqa_train.create_pipeline(), again)
    assert not (tmp_path / "fold_0").exists()
    history = outputs["odqa.fold_1.history"].load()
    assert history.equals(in_memory["odqa.fold_1.history"])
    first, second = (
        ReaderModel.from_pretrained(each.load("odqa.fold_1.model")).state_dict()
        for each in (catalog, again)
    )
    assert all(torch.equal(second[name], weight) for name, weight in first.items())
