"""The train pipeline over a hand-made catalog, with a tiny encoder from scratch."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines.train import create_pipeline
from klue_pipeline.relation.settings.params import HeadParams, TargetParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.params import EncoderParams, LossParams

VALUES = {"micro_f1", "auprc", "accuracy", "loss"}


def run(catalog, *nodes):
    pipeline = create_pipeline()
    outputs = SequentialRunner().run(pipeline.filter(node_names=nodes or None), catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_every_row_is_scored_once_by_the_model_that_never_saw_it(trained):
    scores, members = trained.load("out_of_fold@one"), trained.load("fold_members")
    assert scores.row_ids.tolist() == members["row_id"].tolist()
    assert scores.folds.tolist() == members["fold"].tolist()
    assert scores.labels == tuple(trained.load("labels").names)
    assert np.isfinite(scores.logits).all()
    assert {"rows", "folds"} <= scores.fingerprint.keys()


def test_a_fold_leaves_metrics_a_history_and_a_model(trained):
    for fold in ("fold_0", "fold_1"):
        metrics, history = (trained.load(f"{fold}.{name}") for name in ("metrics", "history"))
        assert metrics.keys() >= VALUES
        assert history["validation_loss"].dropna().min() == pytest.approx(metrics["loss"])
        assert len(history["train_loss"].dropna()) == 4  # two steps in each of two epochs
        folder = trained.load(f"{fold}.model")
        wanted = {"model.safetensors", "config.json", "tokenizer.json"}
        assert wanted <= {path.name for path in folder.iterdir()}


def test_folds_are_trained_on_different_rows(trained):
    weights = [
        (trained.load(f"fold_{fold}.model") / "model.safetensors").read_bytes() for fold in (0, 1)
    ]
    assert weights[0] != weights[1]


@pytest.mark.parametrize("resumes", [False, True])
def test_one_fold_alone_gives_what_it_gives_among_others(trained, resumes):
    """Its resume state is left to the hook: a node cannot know whether its outputs were stored."""
    folder = trained.load("fold_1.workspace").folder
    assert folder.is_dir()
    if not resumes:
        shutil.rmtree(folder)
    alone = run(trained, "fold_1.train")
    assert set(alone) == {
        f"fold_1.{name}" for name in ("metrics", "history", "validation_scores", "model")
    }
    scores, collected = alone["fold_1.validation_scores"], trained.load("out_of_fold@one")
    np.testing.assert_array_equal(scores.logits, collected.logits[collected.folds == 1])
    pd.testing.assert_frame_equal(alone["fold_1.history"], trained.load("fold_1.history"))


def test_folds_of_another_split_are_not_collected(trained):
    scores = trained.load("out_of_fold@one")
    for fold, split in enumerate(["a", "b"]):
        trained[f"fold_{fold}.validation_scores"] = dataclasses.replace(
            scores, fingerprint={**scores.fingerprint, "folds": split}
        )
    with pytest.raises(ValueError, match="folds"):
        run(trained, "collect_out_of_fold")


def test_nodes_read_shared_inputs_and_models_of_settings(two_folds):
    nodes = {node.name: node for node in create_pipeline().nodes}
    assert set(nodes) == {"fold_0.train", "fold_1.train", "collect_out_of_fold"}
    assert set(nodes["fold_1.train"].inputs) == {
        "train_features", "fold_members", "tokenizer", "labels", "fold_1.workspace",
        "params:target", "params:input", "params:encoder", "params:head", "params:loss",
        "params:training",
    }  # fmt: skip
    hints = nodes["fold_1.train"].func.__annotations__
    assert [hints[name] for name in ("target", "encoder", "head", "loss", "training")] == [
        TargetParams, EncoderParams, HeadParams, LossParams, RelationTrainingParams
    ]  # fmt: skip
