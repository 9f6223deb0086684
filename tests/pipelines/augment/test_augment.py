"""The augment pipeline on a hand-made catalog."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.augment import create_pipeline
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

LAB_BOOK = Path(__file__).resolve().parents[3] / "conf/base/parameters_experiments.yml"
FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)


@pytest.fixture
def shape():
    """What a run's settings say about the graph."""
    yield lambda *earlier: topology.set_shape(topology.Shape(FOLDS, asked_to_augment=earlier))
    topology.forget_shape()


def run(sentences, earlier=(), **changes):
    defaults = yaml.safe_load(LAB_BOOK.read_text(encoding="utf-8"))["experiment_defaults"]
    names = sorted(set(sentences["label"]))
    given = {
        "clean_sentences": sentences,
        "fold_members": pd.DataFrame({"fold": np.arange(24) % 2, "row_id": sentences["row_id"]}),
        "labels": LabelSet(names=names, negative="no_relation"),
        "params:augment": AugmentParams.model_validate(
            merge_settings(defaults["augment"], changes)
        ),
        "synonyms": None,
        "translations": None,
        "translation_cache": None,
        **dict(earlier),
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in given.items()})
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return outputs["training_sentences"].load(), outputs["augmentation_report"].load()


def test_originals_pass_through(small_sentences, shape):
    shape()
    rows, report = run(small_sentences)
    pd.testing.assert_frame_equal(rows[small_sentences.columns.tolist()], small_sentences)
    assert rows["method"].tolist() == ["original"] * 24
    assert report["rows_added"] == 0


def test_mistakes_of_an_earlier_experiment_are_read_from_its_scores(small_sentences, shape):
    shape("rbert--lr3e5")
    names = sorted(set(small_sentences["label"]))
    gold = small_sentences["label"].map(names.index).to_numpy()
    logits = np.eye(len(names), dtype=np.float32)[gold]
    logits[5] = np.roll(logits[5], 1)
    ids = small_sentences["row_id"].to_numpy(dtype=object)
    scores = ScoreTable(ids, logits, tuple(names), np.arange(24) % 2)
    rows, _ = run(
        small_sentences,
        [("earlier_scores_rbert--lr3e5", scores)],
        methods=["aeda"],
        aeda={"share": 1.0, "select": {"mistakes_of": "rbert--lr3e5"}},
    )
    assert rows["row_id"].tolist()[24:] == ["5.aeda"]
