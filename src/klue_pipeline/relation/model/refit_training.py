"""Train one more classifier on all training rows, for as long as the folds say.

No row is held out, so nothing tells its best state: it trains for as many epochs as the folds' best
states had on average, its schedule runs over these, and its last state is the result.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from transformers import PreTrainedTokenizerBase, set_seed

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.encoded_rows import column_of
from klue_pipeline.relation.encoding.features import Features
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.model.fold_rows import answer_target, answered_rows
from klue_pipeline.relation.model.fold_training import (
    ClassifierParams,
    build_fold_loss,
    build_model,
    describe_model,
    describe_origin,
)
from klue_pipeline.relation.model.taught_rows import Lessons, teach_rows
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.classification import loss_of_rows
from klue_pipeline.training.device import explain_out_of_memory
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.optimizer import count_steps_per_epoch
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.tokens.token_budget import count_batches
from klue_pipeline.training.tokens.vocabulary_in_use import vocabulary_in_use
from klue_pipeline.training.trainer import TrainingResult, train
from klue_pipeline.training.workspace import FoldWorkspace

logger = logging.getLogger(__name__)

REFIT = "refit"


@dataclass(frozen=True)
class RefitResult:
    """What the training on all rows leaves behind; no score is among its metrics."""

    metrics: dict[str, float]
    model: TrainedModel


def train_on_all_rows(  # noqa: PLR0913, PLR0917 (each is a thing of its own)
    features: Features,
    tokenizer: PreTrainedTokenizerBase,
    labels: LabelSet,
    params: ClassifierParams,
    fold_metrics: Sequence[Mapping[str, float]],
    workspace: FoldWorkspace,
    lessons: Lessons | None = None,
) -> RefitResult:
    """Train a classifier on every row that trains in some fold, augmented ones included.

    Args:
        features: Encoded training rows, augmented ones included.
        tokenizer: The tokenizer that made the features, stored with the model.
        labels: The task's labels, in the order of the features' label ids.
        params: How the folds were built and trained.
        fold_metrics: What each fold left: ``best_step`` and ``training_rows``.
        workspace: Where its resume state lives.
        lessons: What teachers say of the rows, where the loss asks for any.
    """
    answer_labels = target_labels(labels, params.target)
    weighing = features.select(np.flatnonzero(column_of(features, "weight") > 0))
    answered = answered_rows(answer_target(weighing, labels, params.target))
    fingerprint = dict(features.fingerprint)
    taught = teach_rows(answered, lessons, params.loss, answer_labels.names, fingerprint)
    config = describe_model(answered, answer_labels, labels, params, fingerprint)
    encoded = taught.encode(tokenizer.pad_token_id, config.entity_types)
    training = plan_refit(fold_metrics, encoded, params.training)
    params = replace(params, training=training)
    scratch = workspace.scratch_for(describe_origin(params, fingerprint, REFIT, taught))
    set_seed(training.seed)
    model = build_model(config, params, tokenizer)
    with explain_out_of_memory(training), vocabulary_in_use(model, encoded):
        result = train(
            model,
            encoded,
            loss_of_rows(build_fold_loss(params, config)),
            None,
            training,
            scratch,
            description=REFIT,
        )
    trained = TrainedModel(model.to("cpu").eval(), tokenizer)
    return RefitResult(_summarise(result, len(encoded)), trained)


def plan_refit(
    fold_metrics: Sequence[Mapping[str, float]], rows: EncodedRows, params: TrainingParams
) -> TrainingParams:
    """Return the settings of a training as long as the folds' best states had, in epochs.

    All rows are more than those of a fold, so that as many epochs are more steps.

    Args:
        fold_metrics: Of each fold ``best_step`` and ``training_rows``.
        rows: All rows, which are to train.
        params: How the folds were trained.
    """
    best = [
        fold["best_step"] / _steps_of_epoch(int(fold["training_rows"]), rows, params)
        for fold in fold_metrics
    ]
    epochs = float(np.mean(best))
    planned = params.model_copy(update={"epochs": math.ceil(epochs)})
    steps = max(1, round(epochs * _steps_of_epoch(len(rows), rows, planned)))
    logger.info(
        "%s: %d rows, %d steps, %.3g epochs; so many had the folds' best states on average",
        REFIT, len(rows), steps, epochs,
    )  # fmt: skip
    return planned.model_copy(update={"max_steps": steps})


def _steps_of_epoch(count: int, rows: EncodedRows, params: TrainingParams) -> int:
    return count_steps_per_epoch(count_batches(count, rows, params), params)


def _summarise(result: TrainingResult, rows: int) -> dict[str, float]:
    losses = [entry["train_loss"] for entry in result.history if "train_loss" in entry]
    return {
        "final_train_loss": losses[-1],
        "steps": float(result.steps),
        "epochs": float(result.history[-1]["epoch"]),
        "training_rows": float(rows),
        "training_seconds": result.seconds,
    }
