"""A hand-made catalog in which a tiny encoder was trained, with everything that training needs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import (
    EncoderParams,
    FoldsParams,
    LossParams,
    ScratchEncoderParams,
    TrainingParams,
)

SCRATCH = ScratchEncoderParams(
    vocabulary_size=300, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
    intermediate_size=8, max_positions=64,
)  # fmt: skip
TRAINING = {
    "epochs": 2, "learning_rate": 0.01, "batch_size": 6, "evaluation_batch_size": 16,
    "accumulation_steps": 1, "max_tokens": 40, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "constant", "warmup_share": 0.0,
    "precision": "fp32", "device": "cpu", "seed": 7, "group_by_length": True,
    "compile": False, "log_every_steps": 1, "select_by": "loss",
}  # fmt: skip


def _shape() -> topology.Shape:
    return topology.Shape(
        FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)
    )


@pytest.fixture
def two_folds():
    """The graph has fold 0 and fold 1."""
    topology.set_shape(_shape())
    yield
    topology.forget_shape()


def _make_catalog(small_sentences: pd.DataFrame, tmp_path: Path) -> DataCatalog:
    """24 training rows in two folds, 5 test rows of which the last cannot be marked."""
    test = small_sentences.head(5).assign(label=None, problem=[None] * 4 + ["empty_sentence"])
    catalog = DataCatalog.from_config(
        {
            "fold_{number}.workspace": {
                "type": "klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset",
                "number": "{number}",
                "filepath": str(tmp_path / ".scratch/fold_{number}"),
            },
            "fold_{number}.model": {
                "type": "klue_pipeline.datasets.models.checkpoint.CheckpointDataset",
                "filepath": str(tmp_path / "fold_{number}"),
            },
            "fold_{number}.validation_scores": {
                "type": "klue_pipeline.datasets.tables.score_table.ScoreTableDataset",
                "filepath": str(tmp_path / "fold_{number}_validation.parquet"),
            },
            "tokenizer": {
                "type": "klue_pipeline.datasets.models.tokenizer.TokenizerDataset",
                "filepath": str(tmp_path / "tokenizer"),
            },
            "{part}_features": {
                "type": "klue_pipeline.datasets.tables.features.FeaturesDataset",
                "filepath": str(tmp_path / "{part}.arrow"),
            },
        }
    )
    given = {
        "training_sentences": small_sentences.assign(
            origin_id=small_sentences["row_id"], method="original", weight=1.0
        ),
        "clean_test_sentences": test,
        "fold_members": pd.DataFrame(
            {"fold": np.repeat([0, 1], 12), "row_id": small_sentences["row_id"]}
        ),
        "labels": LabelSet(names=sorted(set(small_sentences["label"])), negative="no_relation"),
        "params:encoder": EncoderParams(name="scratch", scratch=SCRATCH),
        "params:input": InputParams(
            name="typed_entity_marker_punct",
            query="question",
            query_position="after",
            type_words={"PER": "사람"},
        ),
        "params:target": TargetParams(name="all"),
        "params:head": HeadParams(name="cls_entity_start", dropout=0.1),
        "params:loss": LossParams(name="cross_entropy"),
        "params:training": TrainingParams(**TRAINING),
        "params:training.max_tokens": TRAINING["max_tokens"],
    }
    for name, value in given.items():
        catalog[name] = value
    return catalog


@pytest.fixture(scope="session")
def trained_once(small_table, tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    """A folder in which both folds were trained, and what training left in memory."""
    from klue_pipeline.pipelines import tokenize, train

    folder = tmp_path_factory.mktemp("trained")
    catalog = _make_catalog(small_table, folder)
    topology.set_shape(_shape())
    SequentialRunner().run(tokenize.create_pipeline(), catalog)
    outputs = SequentialRunner().run(train.create_pipeline(), catalog)
    topology.forget_shape()
    in_memory = {name: data.load() for name, data in outputs.items() if "model" not in name}
    return folder, in_memory


@pytest.fixture
def trained(small_sentences, trained_once, two_folds, tmp_path) -> DataCatalog:
    """A copy of all that training left, which a test may change."""
    folder, in_memory = trained_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    catalog = _make_catalog(small_sentences, tmp_path)
    for name, value in in_memory.items():
        catalog[name] = value
    return catalog
