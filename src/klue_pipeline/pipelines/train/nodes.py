"""Train one fold, and collect what all folds say about the rows they never saw."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, concatenate
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.params import EncoderParams, LossParams

logger = logging.getLogger(__name__)


def train(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    train_features: Any,
    fold_members: pd.DataFrame,
    tokenizer: Any,
    labels: LabelSet,
    workspace: Any,
    target: TargetParams,
    input_params: InputParams,
    encoder: EncoderParams,
    head: HeadParams,
    loss: LossParams,
    training: RelationTrainingParams,
) -> tuple[dict[str, float], pd.DataFrame, ScoreTable, Any]:
    """Train the classifier of one fold.

    The model is the last output on purpose: the resume state in the workspace goes away once it
    is stored, and by then everything else is.

    Returns:
        The fold's metrics, its history (one row per logged step), the scores of its validation
        rows, and the trained model with its tokenizer.
    """
    from klue_pipeline.relation.model.fold_training import ClassifierParams, train_fold

    result = train_fold(
        train_features,
        fold_members,
        tokenizer,
        labels,
        ClassifierParams(target, input_params, encoder, head, loss, training),
        workspace,
    )
    return result.metrics, result.history, result.validation_scores, result.model


def refit(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    train_features: Any,
    tokenizer: Any,
    labels: LabelSet,
    workspace: Any,
    target: TargetParams,
    input_params: InputParams,
    encoder: EncoderParams,
    head: HeadParams,
    loss: LossParams,
    training: RelationTrainingParams,
    *fold_metrics: dict[str, float],
) -> tuple[dict[str, float], Any]:
    """Train one more classifier on all training rows, as long as the folds' best states had.

    Returns:
        What was counted, and the trained model with its tokenizer; nothing is left to judge it on.
    """
    from klue_pipeline.relation.model.fold_training import ClassifierParams
    from klue_pipeline.relation.model.refit_training import train_on_all_rows

    result = train_on_all_rows(
        train_features,
        tokenizer,
        labels,
        ClassifierParams(target, input_params, encoder, head, loss, training),
        fold_metrics,
        workspace,
    )
    return result.metrics, result.model


def collect_out_of_fold(*validation_scores: ScoreTable) -> ScoreTable:
    """Put the folds' validation scores into one table, in fold order.

    Raises:
        ValueError: The folds were trained on other rows, another split or other labels.
    """
    scores = concatenate(list(validation_scores))
    logger.info("Collected %d out-of-fold rows, folds: %d", len(scores), len(validation_scores))
    return scores
