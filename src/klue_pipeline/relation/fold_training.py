"""Train and score one fold of relation extraction: features in, model and scores out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from klue_pipeline import __version__
from klue_pipeline.relation.evaluation import negative_id
from klue_pipeline.relation.features import Features
from klue_pipeline.relation.fingerprints import folds_fingerprint
from klue_pipeline.relation.metrics import score_metrics
from klue_pipeline.relation.model import RelationConfig, RelationModel, TrainedModel
from klue_pipeline.relation.params import HeadParams, LabelSet
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.device import explain_out_of_memory, resolve_device, resolve_precision
from klue_pipeline.training.encoder import build_encoder, require_room
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.folds import training_and_validation_rows
from klue_pipeline.training.losses import build_loss
from klue_pipeline.training.params import EncoderParams, LossParams, Settings, TrainingParams
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.trainer import FoldRows, TrainingResult, train_classifier
from klue_pipeline.training.workspace import FoldWorkspace

POSITION_COLUMNS = ("subject_start", "subject_end", "object_start", "object_end")


@dataclass(frozen=True)
class ClassifierParams:
    """The settings that make one classifier."""

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


def train_fold(
    features: Features,
    fold_members: pd.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    labels: LabelSet,
    params: ClassifierParams,
    workspace: FoldWorkspace,
) -> FoldResult:
    """Train a classifier on all rows outside the fold and score the rows inside it.

    Args:
        features: Encoded training rows, augmented ones included.
        fold_members: Validation rows of every fold; schema ``FoldMembers``.
        tokenizer: The tokenizer that made the features, stored with the model.
        labels: The label set, in the order of the features' label ids.
        params: How to build and train the classifier.
        workspace: Which fold this is, and where its resume state lives.
    """
    training, validation = split_features(features, fold_members, workspace.fold)
    fingerprint = {**features.fingerprint, "folds": folds_fingerprint(fold_members)}
    config = RelationConfig(
        labels=tuple(labels.names),
        label_counts=tuple(count_labels(training, len(labels.names)).tolist()),
        head=params.head,
        fingerprint=fingerprint,
    )
    result = train_classifier(
        lambda: build_model(config, params, tokenizer),
        _fold_rows(training, validation, tokenizer),
        build_loss(params.loss, torch.tensor(config.label_counts)),
        lambda logits, gold: score_metrics(logits, gold, negative_id(labels)),
        params.training,
        workspace.scratch_for(_origin(params, fingerprint, workspace.fold)),
        description=f"fold_{workspace.fold}",
    )
    scores = _validation_scores(validation, result, config, workspace.fold)
    gold = _column(validation, "label_id").astype(np.int64)
    return FoldResult(
        metrics=_summarise(
            result, score_metrics(scores.logits, gold, negative_id(labels)), training
        ),
        history=pd.DataFrame(result.history),
        validation_scores=scores,
        model=TrainedModel(cast(RelationModel, result.model), tokenizer),
    )


def build_model(
    config: RelationConfig, params: ClassifierParams, tokenizer: PreTrainedTokenizerBase
) -> RelationModel:
    """Build the untrained classifier: the encoder as loaded or from scratch, a new head."""
    encoder = build_encoder(params.encoder, len(tokenizer), tokenizer.pad_token_id)
    require_room(encoder.config, params.training.max_tokens)
    return RelationModel(encoder, config)


def score_test_rows(folder: Path, features: Features, training: TrainingParams) -> ScoreTable:
    """Score test rows with one fold's model.

    A row whose entities could not be used gets the label shares of the training rows, so that
    every test row has a line in the submission.

    Args:
        folder: Checkpoint of the fold.
        features: Encoded test rows.
        training: Where and how to run: device, precision, batch size.

    Raises:
        ValueError: The features were made by another tokenizer or input format than the model's.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    model = RelationModel.from_pretrained(folder)
    _require_same_input(model.relation_config, features)
    device = resolve_device(training.device)
    with explain_out_of_memory(training):
        logits = predict_logits(
            model.to(device),
            encode_rows(features, model.encoder.config.pad_token_id),
            training.evaluation_batch_size,
            resolve_precision(training.precision, device),
            description=f"predict {folder.name}",
        )
    # Only a row that could not be marked has both entities at one place.
    unusable = _column(features, "subject_start") == _column(features, "object_start")
    logits[unusable] = _log_prior(model.relation_config.label_counts)
    kept = {name: model.relation_config.fingerprint[name] for name in ("rows", "folds")}
    return ScoreTable(
        row_ids=_row_ids(features),
        logits=logits,
        labels=model.relation_config.labels,
        fingerprint={**kept, "test_rows": features.fingerprint["rows"]},
    )


def split_features(
    features: Features, fold_members: pd.DataFrame, fold: int
) -> tuple[Features, Features]:
    """Split encoded rows into a fold's training and validation part.

    An augmented row trains only where its origin does and never validates.
    """
    training, validation = training_and_validation_rows(
        pd.Series(_row_ids(features)), fold_members, fold, pd.Series(_column(features, "origin_id"))
    )
    return features.select(np.flatnonzero(training)), features.select(np.flatnonzero(validation))


def encode_rows(features: Features, padding_id: int) -> EncodedRows:
    """View features as flat arrays of token ids that batches are cut from, with label ids."""
    tokens = features.table.column("input_ids").combine_chunks()
    segments = features.table.column("token_type_ids").combine_chunks()
    offsets = tokens.offsets.to_numpy()
    positions = np.stack([_column(features, name) for name in POSITION_COLUMNS], axis=1)
    return EncodedRows(
        input_ids=tokens.flatten().to_numpy(),
        token_type_ids=segments.flatten().to_numpy(),
        offsets=offsets,
        columns={
            "positions": positions.astype(np.int64),
            "labels": _column(features, "label_id").astype(np.int64),
            "weights": _column(features, "weight").astype(np.float32),
        },
        padding_id=padding_id,
    )


def count_labels(features: Features, labels: int) -> NDArray[np.int64]:
    """Count the rows of each label id. Shape: (labels,)."""
    return np.bincount(_column(features, "label_id"), minlength=labels).astype(np.int64)


def _fold_rows(
    training: Features, validation: Features, tokenizer: PreTrainedTokenizerBase
) -> FoldRows:
    return FoldRows(
        training=encode_rows(training, tokenizer.pad_token_id),
        validation=encode_rows(validation, tokenizer.pad_token_id),
        validation_label_ids=_column(validation, "label_id").astype(np.int64),
    )


def _validation_scores(
    validation: Features, result: TrainingResult, config: RelationConfig, fold: int
) -> ScoreTable:
    return ScoreTable(
        row_ids=_row_ids(validation),
        logits=result.validation_logits,
        labels=config.labels,
        folds=np.full(len(validation), fold, dtype=np.int64),
        fingerprint={name: config.fingerprint[name] for name in ("rows", "folds")},
    )


def _summarise(
    result: TrainingResult, metrics: dict[str, float], training: Features
) -> dict[str, float]:
    return {
        **metrics,
        "best_step": float(result.best_step),
        "training_rows": float(len(training)),
        "training_seconds": result.seconds,
    }


def _origin(params: ClassifierParams, fingerprint: dict[str, str], fold: int) -> dict[str, object]:
    groups: dict[str, Settings] = {
        "encoder": params.encoder,
        "head": params.head,
        "loss": params.loss,
        "training": params.training,
    }
    settings = {
        name: group.model_dump(exclude=set(group.results_do_not_depend_on))
        for name, group in groups.items()
    }
    folder = Path(params.encoder.name)
    files = hash_encoder_folder(folder) if folder.is_dir() else None
    return {"fold": fold, "code": __version__, "files": files, **settings, **fingerprint}


def _require_same_input(config: RelationConfig, features: Features) -> None:
    for name, found, wanted in (
        ("labels", features.labels, config.labels),
        ("tokenizer", features.fingerprint["tokenizer"], config.fingerprint["tokenizer"]),
    ):
        if found != wanted:
            raise ValueError(
                f"These features cannot be scored by this model: {name} is {found} in the features "
                f"and {wanted} in the model; run tokenize and train with the same settings."
            )


def _log_prior(label_counts: tuple[int, ...]) -> NDArray[np.float32]:
    # One row more per label, so that a label unseen in training keeps a finite score.
    counts = np.array(label_counts, dtype=np.float64) + 1
    prior: NDArray[np.float32] = np.log(counts / counts.sum()).astype(np.float32)
    return prior


def _column(features: Features, name: str) -> NDArray[Any]:
    values: NDArray[Any] = features.table.column(name).to_numpy()
    return values


def _row_ids(features: Features) -> NDArray[np.object_]:
    return _column(features, "row_id").astype(object)
