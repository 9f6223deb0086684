"""Train and score one fold of relation extraction: features in, model and scores out."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from klue_pipeline.base_settings import Settings
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.encoding.encoded_rows import column_of, encode_rows
from klue_pipeline.relation.encoding.features import NO_LABEL, Features
from klue_pipeline.relation.inputs.special_tokens import describing_ids
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.model.fold_rows import (
    answer_target,
    answered_rows,
    count_labels,
    find_legal_labels,
    list_entity_types,
    split_features,
)
from klue_pipeline.relation.model.head_training import train_head
from klue_pipeline.relation.model.relation_model import RelationConfig, RelationModel
from klue_pipeline.relation.model.taught_rows import Lessons, TaughtRows, teach_rows
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.relation.splits.fingerprints import folds_fingerprint, held_out_fingerprint
from klue_pipeline.training.classification import ClassifierResult, FoldRows, train_classifier
from klue_pipeline.training.encoder import build_encoder, require_room
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.losses import LossContext, RowLoss, build_loss
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.splitting.resampling import counts_after_smote
from klue_pipeline.training.workspace import FoldWorkspace
from klue_pipeline.version import __version__

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClassifierParams:
    """The settings that make one classifier."""

    target: TargetParams
    input: InputParams
    encoder: EncoderParams
    head: HeadParams
    loss: LossParams
    training: TrainingParams


@dataclass(frozen=True)
class FoldResult:
    """What one fold leaves behind."""

    metrics: dict[str, float]
    history: pd.DataFrame
    validation_scores: ScoreTable
    model: TrainedModel


def train_fold(  # noqa: PLR0913, PLR0917 (each is a thing of its own)
    features: Features,
    fold_members: pd.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    labels: LabelSet,
    params: ClassifierParams,
    workspace: FoldWorkspace,
    lessons: Lessons | None = None,
) -> FoldResult:
    """Train a classifier on all rows outside the fold and score the rows inside it.

    A row without an answer to ``target``'s question does not train and is not judged, but it is
    scored: whoever joins models of different targets needs scores of all rows.

    Args:
        features: Encoded training rows, augmented ones included.
        fold_members: Validation rows of every fold; schema ``FoldMembers``.
        tokenizer: The tokenizer that made the features, stored with the model.
        labels: The task's labels, in the order of the features' label ids.
        params: How to build and train the classifier.
        workspace: Which fold this is, and where its resume state lives.
        lessons: What a teacher says of the rows that train, where the loss asks for one.

    Raises:
        ValueError: The teacher has seen what this fold holds out, or did not read every row.
    """
    answer_labels = target_labels(labels, params.target)
    training, validation = _split_answered(
        features, fold_members, workspace.fold, labels, params.target
    )
    fingerprint = {
        **features.fingerprint,
        "folds": folds_fingerprint(fold_members),
        "held_out": held_out_fingerprint(fold_members, workspace.fold),
    }
    taught = teach_rows(training, lessons, params.loss, answer_labels.names, fingerprint)
    config = describe_model(training, answer_labels, labels, params, fingerprint)
    learn = train_classifier if params.training.smote_neighbours is None else train_head
    result = learn(
        lambda: build_model(config, params, tokenizer),
        _fold_rows(taught, validation, tokenizer, config),
        build_fold_loss(params, config),
        lambda logits, gold: _judge(logits, gold, answer_labels),
        params.training,
        workspace.scratch_for(describe_origin(params, fingerprint, workspace.fold, taught)),
        description=f"fold_{workspace.fold}",
    )
    scores = _validation_scores(validation, result, config, workspace.fold)
    gold = column_of(validation, "label_id").astype(np.int64)
    return FoldResult(
        metrics=_summarise(result, _judge(scores.logits, gold, answer_labels), taught.features),
        history=pd.DataFrame(result.history),
        validation_scores=scores,
        model=TrainedModel(cast(RelationModel, result.model), tokenizer),
    )


def _split_answered(
    features: Features,
    fold_members: pd.DataFrame,
    fold: int,
    labels: LabelSet,
    target: TargetParams,
) -> tuple[Features, Features]:
    """Return the fold's rows that train, which all have an answer, and all that it scores."""
    parts = split_features(features, fold_members, fold)
    training, validation = (answer_target(part, labels, target) for part in parts)
    answered = answered_rows(training)
    if len(answered) < len(training):
        logger.info(
            "fold_%d: %d of %d training rows have an answer to target %s; the others do not train",
            fold,
            len(answered),
            len(training),
            target.name,
        )
    return answered, validation


def describe_model(
    training: Features,
    answer_labels: LabelSet,
    labels: LabelSet,
    params: ClassifierParams,
    fingerprint: dict[str, str],
) -> RelationConfig:
    """Collect what a checkpoint must know of its settings and of the rows it learned from.

    Args:
        training: The training part of the fold, in the target's labels.
        answer_labels: The target's labels.
        labels: The task's labels.
        params: How the classifier is built and trained.
        fingerprint: Content hashes of what makes the model.
    """
    return RelationConfig(
        labels=tuple(answer_labels.names),
        task_labels=tuple(labels.names),
        label_counts=tuple(count_labels(training, len(answer_labels.names)).tolist()),
        entity_types=list_entity_types(training),
        legal_labels=find_legal_labels(training, answer_labels.negative_id),
        target=params.target,
        input=params.input,
        max_tokens=params.training.max_tokens,
        head=params.head,
        fingerprint=fingerprint,
    )


def build_model(
    config: RelationConfig, params: ClassifierParams, tokenizer: PreTrainedTokenizerBase
) -> RelationModel:
    """Build the untrained classifier: the encoder as loaded or from scratch, a new head."""
    new_tokens = describing_ids(tokenizer, params.input)
    encoder = build_encoder(params.encoder, len(tokenizer), tokenizer.pad_token_id, new_tokens)
    require_room(encoder.config, params.training.max_tokens)
    return RelationModel(encoder, config)


def build_fold_loss(params: ClassifierParams, config: RelationConfig) -> RowLoss:
    """Build the loss for the rows that a model is described by."""
    counts, share = np.array(config.label_counts), params.training.smote_target_share
    context = LossContext(
        labels=config.labels,
        label_counts=torch.tensor(counts if share is None else counts_after_smote(counts, share)),
        logit_scale=params.head.scale or 1.0,
    )
    return build_loss(params.loss, context)


def _judge(
    logits: NDArray[np.float32], gold: NDArray[np.int64], labels: LabelSet
) -> dict[str, float]:
    answered = gold != NO_LABEL
    return score_metrics(logits[answered], gold[answered], labels.negative_id)


def _fold_rows(
    taught: TaughtRows,
    validation: Features,
    tokenizer: PreTrainedTokenizerBase,
    config: RelationConfig,
) -> FoldRows:
    return FoldRows(
        training=taught.encode(tokenizer.pad_token_id, config.entity_types),
        validation=encode_rows(validation, tokenizer.pad_token_id, config.entity_types),
        validation_label_ids=column_of(validation, "label_id").astype(np.int64),
    )


def _validation_scores(
    validation: Features, result: ClassifierResult, config: RelationConfig, fold: int
) -> ScoreTable:
    return ScoreTable(
        row_ids=validation.row_ids,
        logits=result.validation_logits,
        labels=config.labels,
        folds=np.full(len(validation), fold, dtype=np.int64),
        fingerprint={name: config.fingerprint[name] for name in ("rows", "folds")},
    )


def _summarise(
    result: ClassifierResult, metrics: dict[str, float], training: Features
) -> dict[str, float]:
    return {
        **metrics,
        "best_step": float(result.best_step),
        "training_rows": float(len(training)),
        "epochs": float(result.history[-1]["epoch"]),
        "training_seconds": result.seconds,
    }


def describe_origin(
    params: ClassifierParams, fingerprint: dict[str, str], fold: int | str, taught: TaughtRows
) -> dict[str, object]:
    """Return what the state of an interrupted training must agree in to be gone on with.

    Args:
        params: How the classifier is built and trained.
        fingerprint: Content hashes of what makes the model.
        fold: Which training of the experiment it is.
        taught: The rows that train.
    """
    groups: dict[str, Settings] = dict(vars(params))
    settings = {
        name: group.model_dump(exclude=set(group.results_do_not_depend_on))
        for name, group in groups.items()
    }
    folder = Path(params.encoder.name)
    files = hash_encoder_folder(folder) if folder.is_dir() else None
    rows = {"training_rows": _hash_rows(taught.features), **taught.describe_teacher()}
    return {"fold": fold, "code": __version__, "files": files, **settings, **fingerprint, **rows}


def _hash_rows(training: Features) -> str:
    """Hash the rows that train: their fingerprint is that of the originals alone."""
    digest = hashlib.sha256()
    for name in ("row_id", "label_id", "weight"):
        digest.update(repr(training.table[name].to_pylist()).encode())
    tokens = training.table["input_ids"].combine_chunks()
    digest.update(tokens.flatten().to_numpy().tobytes())
    return digest.hexdigest()
