"""Train one fold, and collect what all folds say about the rows they never saw.

A student's fold is taught first: models of the same fold of other experiments score its rows.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, concatenate
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.params import EncoderParams, LossParams

if TYPE_CHECKING:
    from klue_pipeline.relation.model.taught_rows import Lessons

logger = logging.getLogger(__name__)


def teach(
    training_sentences: pd.DataFrame,
    unlabelled_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    workspace: Any,
    training: RelationTrainingParams,
    **models: Path,
) -> ScoreTable:
    """Score the rows that a fold trains on by other experiments' models of the same fold.

    Args:
        training_sentences: Rows with labels, augmented ones included.
        unlabelled_sentences: Rows without.
        fold_members: Validation rows of every fold, which no teacher has seen.
        labels: The task's labels.
        workspace: Which fold this is.
        training: Device, precision and rows in a batch.
        models: The folder of each teacher's checkpoint; each argument is named after its dataset.
    """
    from klue_pipeline.relation.inference.teaching import ask_teachers, choose_rows

    rows = choose_rows(training_sentences, unlabelled_sentences, fold_members, workspace.fold)
    return ask_teachers(rows, models.values(), labels, training)


def teach_refit(
    training_sentences: pd.DataFrame,
    unlabelled_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    training: RelationTrainingParams,
    **models: Path,
) -> ScoreTable:
    """Score all rows by all folds' models of other experiments, for a student of all rows.

    Nothing is held out from that student, so that no model can tell it what it should not know.
    The arguments are those of :func:`teach`.
    """
    from klue_pipeline.relation.inference.teaching import ask_teachers, choose_rows

    rows = choose_rows(training_sentences, unlabelled_sentences, fold_members, None)
    return ask_teachers(rows, models.values(), labels, training)


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
    teacher_scores: ScoreTable | None = None,
    unlabelled_features: Any = None,
) -> tuple[dict[str, float], pd.DataFrame, ScoreTable, Any]:
    """Train the classifier of one fold; a student also gets its teachers' scores.

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
        _lessons(teacher_scores, unlabelled_features),
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
    teacher_scores: ScoreTable | None = None,
    unlabelled_features: Any = None,
    **fold_metrics: dict[str, float],
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
        list(fold_metrics.values()),
        workspace,
        _lessons(teacher_scores, unlabelled_features),
    )
    return result.metrics, result.model


def _lessons(scores: ScoreTable | None, unlabelled_features: Any) -> "Lessons | None":
    from klue_pipeline.relation.model.taught_rows import Lessons

    return None if scores is None else Lessons(scores, unlabelled_features)


def collect_out_of_fold(*validation_scores: ScoreTable) -> ScoreTable:
    """Put the folds' validation scores into one table, in fold order.

    Raises:
        ValueError: The folds were trained on other rows, another split or other labels.
    """
    scores = concatenate(list(validation_scores))
    logger.info("Collected %d out-of-fold rows, folds: %d", len(scores), len(validation_scores))
    return scores
