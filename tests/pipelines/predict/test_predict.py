"""The predict pipeline over a hand-made catalog, with models of a tiny encoder."""

import dataclasses

import numpy as np
import pytest
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines import predict


def run(catalog, *nodes):
    pipeline = predict.create_pipeline().filter(node_names=nodes or None)
    outputs = SequentialRunner().run(pipeline, catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_test_rows_are_scored_by_every_fold_and_averaged(trained):
    row_ids = trained.load("clean_test_sentences")["row_id"].tolist()
    folds = [run(trained, f"fold_{fold}.predict")[f"fold_{fold}.test_scores"] for fold in (0, 1)]
    average = run(trained)["test_scores@one"]
    for scores in (*folds, average):
        assert scores.row_ids.tolist() == row_ids
        assert scores.labels == tuple(trained.load("labels").names)
        assert scores.folds is None
    assert not np.array_equal(folds[0].logits, folds[1].logits)
    mean = (folds[0].probabilities + folds[1].probabilities) / 2
    np.testing.assert_allclose(average.probabilities, mean, atol=1e-6)


def test_a_row_that_cannot_be_used_gets_the_label_shares_of_the_training_rows(trained):
    scores = run(trained, "fold_0.predict")["fold_0.test_scores"]
    names = trained.load("labels").names
    # Fold 0 trains on the rows of fold 1, the second half of the table; one more row per label.
    training = trained.load("training_sentences").tail(12)["label"]
    counts = training.value_counts().reindex(names, fill_value=0).to_numpy() + 1
    np.testing.assert_allclose(scores.probabilities[4], counts / counts.sum(), atol=1e-6)
    assert not np.allclose(scores.probabilities[3], counts / counts.sum(), atol=1e-3)


def test_scores_say_what_they_were_made_from(trained):
    scores = run(trained)["test_scores@one"]
    assert scores.fingerprint["rows"] == trained.load("train_features").fingerprint["rows"]
    assert scores.fingerprint["test_rows"] == trained.load("test_features").fingerprint["rows"]
    assert scores.fingerprint.keys() == {"rows", "folds", "test_rows"}


def test_features_of_another_tokenizer_are_refused(trained):
    features = trained.load("test_features")
    trained["test_features"] = dataclasses.replace(
        features, fingerprint={**features.fingerprint, "tokenizer": "other"}
    )
    with pytest.raises(ValueError, match="tokenizer is other in the features"):
        run(trained)


def test_a_missing_model_says_which_command_makes_it(trained):
    (trained.load("fold_1.model") / "model.safetensors").unlink()
    with pytest.raises(Exception, match="train this fold first"):
        run(trained)


def test_only_the_folds_of_the_graph_are_averaged(trained):
    from klue_pipeline.runs import topology
    from klue_pipeline.training.params import FoldsParams

    topology.set_shape(
        topology.Shape(
            FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=[1])
        )
    )
    average = run(trained)["test_scores@one"]
    alone = run(trained, "fold_1.predict")["fold_1.test_scores"]
    np.testing.assert_allclose(average.probabilities, alone.probabilities, atol=1e-6)
