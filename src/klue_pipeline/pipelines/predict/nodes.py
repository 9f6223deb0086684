"""Score the test rows with each fold's model, and average the folds."""

from pathlib import Path
from typing import Any

from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.relation.settings.training_params import RelationTrainingParams


def predict(model: Path, test_features: Any, training: RelationTrainingParams) -> ScoreTable:
    """Score every test row with the model of one fold.

    Args:
        model: Folder of the fold's checkpoint.
        test_features: Encoded test rows.
        training: Device, precision and batch size.
    """
    from klue_pipeline.relation.model.fold_prediction import score_test_rows

    return score_test_rows(model, test_features, training)


def average_folds(*test_scores: ScoreTable) -> ScoreTable:
    """Average the folds' probabilities of each test row.

    Raises:
        ValueError: The folds scored other rows, or were trained on other rows or another split.
    """
    return average_probabilities(list(test_scores))
