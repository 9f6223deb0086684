"""What trained models say of the rows that a student trains on.

A model that trained on a row knows its label nearly by heart. So a student of fold k is taught by
models of fold k alone: they have never seen a row that the student is judged on. Out-of-fold scores
would not do. The model that scored a training row out of fold has itself trained on rows that fold
k holds out, and would tell the student about them.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, require_numbers
from klue_pipeline.relation.inference.classifier import RelationClassifier
from klue_pipeline.relation.model.relation_model import RelationConfig, read_relation_config
from klue_pipeline.relation.model.taught_rows import require_same_making
from klue_pipeline.relation.splits.fingerprints import (
    folds_fingerprint,
    held_out_fingerprint,
    rows_fingerprint,
)
from klue_pipeline.text.counts import counted
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.splitting.fold_members import training_and_validation_rows

logger = logging.getLogger(__name__)

_SHOWN_LABELS = 3


@dataclass(frozen=True)
class TaughtPart:
    """The rows that a student trains on.

    Attributes:
        sentences: Labelled ones first, then those without labels.
        fingerprint: ``rows``, and for a fold ``folds`` and ``held_out``: what teachers agree in.
    """

    sentences: pd.DataFrame
    fingerprint: dict[str, str]


def choose_rows(
    training_sentences: pd.DataFrame,
    unlabelled_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    fold: int | None,
) -> TaughtPart:
    """Return the rows that a fold trains on, augmented ones and those without labels included.

    Args:
        training_sentences: Rows with labels; schema ``TrainingSentences``.
        unlabelled_sentences: Rows without; they train in every fold.
        fold_members: The validation rows of every fold.
        fold: Number of the fold; None for the training on all rows.
    """
    trains = (training_sentences["weight"] > 0).to_numpy()
    is_original = training_sentences["method"] == "original"
    fingerprint = {"rows": rows_fingerprint(training_sentences[is_original])}
    if fold is not None:
        row_ids, origins = training_sentences["row_id"], training_sentences["origin_id"]
        trains = trains & training_and_validation_rows(row_ids, fold_members, fold, origins)[0]
        fingerprint["folds"] = folds_fingerprint(fold_members)
        fingerprint["held_out"] = held_out_fingerprint(fold_members, fold)
    parts = [training_sentences[trains], unlabelled_sentences]
    # What only one of them has, such as weights, says nothing to a reader.
    rows = pd.concat(parts, ignore_index=True, join="inner")
    return TaughtPart(rows, fingerprint)


def ask_teachers(
    part: TaughtPart, models: Iterable[Path], labels: LabelSet, training: TrainingParams
) -> ScoreTable:
    """Score rows by each of several models, and take the mean of their log-probabilities.

    That is the geometric mean of their probabilities (Hinton et al. 2015 name it beside the
    arithmetic one). It commutes with the temperature that the loss softens scores by. Models are
    not calibrated first: a temperature that was fitted on held-out rows knows these rows' labels.

    Args:
        part: The rows, and what the models have to agree in.
        models: Checkpoints, at least one; each reads rows in its own tokens and format.
        labels: The task's labels, which the models have to know in the same order.
        training: Device, precision and rows in a batch.

    Raises:
        ValueError: A model is of other rows, another split or fold, another target or other labels,
            or has diverged.
    """
    folders = list(models)
    for folder in folders:
        require_teacher(folder, part.fingerprint, labels)
    read = [_read(folder, part.sentences, training) for folder in folders]
    scores = ScoreTable(
        row_ids=part.sentences["row_id"].to_numpy(dtype=object),
        logits=np.mean(read, axis=0).astype(np.float32),
        labels=tuple(labels.names),
        fingerprint=part.fingerprint,
    )
    require_numbers(scores)
    logger.info("%s taught by %s", counted(len(scores), "row"), counted(len(folders), "model"))
    return scores


def require_teacher(folder: Path, fingerprint: Mapping[str, str], labels: LabelSet) -> None:
    """Refuse a model that has seen what the student is judged on, or that knows other labels.

    Args:
        folder: Its checkpoint.
        fingerprint: The student's.
        labels: The student's labels.

    Raises:
        ValueError: Naming what differs.
    """
    config = read_relation_config(folder)
    name = f"{folder.parent.name}/{folder.name}"
    if config.target.name != "all" or list(config.labels) != list(labels.names):
        raise ValueError(
            f"A student cannot learn from {name}: it answers target {config.target.name} in "
            f"{_labels_of(config)}; all {len(labels.names)} labels in the order "
            f"{labels.names[:_SHOWN_LABELS]}… were wanted. Choose another experiment as a teacher."
        )
    require_same_making(name, config.fingerprint, fingerprint)


def _labels_of(config: RelationConfig) -> str:
    return f"{len(config.labels)} labels, {list(config.labels)[:_SHOWN_LABELS]}…"


def _read(folder: Path, sentences: pd.DataFrame, training: TrainingParams) -> NDArray[np.float64]:
    classifier = RelationClassifier.from_pretrained(
        folder,
        device=training.device,
        precision=training.precision,
        batch_size=training.evaluation_batch_size,
    )
    description = f"{folder.parent.name}/{folder.name} teaches"
    probabilities = classifier.classify(sentences, description=description)
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
