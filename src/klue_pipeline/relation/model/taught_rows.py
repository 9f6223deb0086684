"""Rows that a student trains on: with a teacher's scores, some of them without a label."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import SCHEMA, Features
from klue_pipeline.text.counts import counted
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.params import LossParams
from klue_pipeline.training.prediction import TEACHER_LOGITS

_SHOWN = 3
OF_TEACHERS = ("rows", "folds", "held_out")
"""Parts of a fingerprint in which a model and its teachers agree."""


@dataclass(frozen=True)
class Lessons:
    """What a student learns beside the labels of its rows.

    Attributes:
        scores: Scores of a teacher, of every row that trains; they say which rows they come from.
        unlabelled: Encoded rows without labels, which train too.
    """

    scores: ScoreTable
    unlabelled: Features


@dataclass(frozen=True)
class TaughtRows:
    """Rows that train, as a model and its loss take them.

    Attributes:
        features: Encoded rows; those without a label come last.
        teacher_logits: What a teacher says of them; None where nobody teaches.
            Shape: (rows, labels).
    """

    features: Features
    teacher_logits: NDArray[np.float32] | None = None

    def encode(self, padding_id: int, entity_types: Sequence[str]) -> EncodedRows:
        """View the rows as flat arrays, as :func:`encode_rows` does, with the teacher's scores."""
        rows = encode_rows(self.features, padding_id, entity_types)
        if self.teacher_logits is None:
            return rows
        return replace(rows, columns={**rows.columns, TEACHER_LOGITS: self.teacher_logits})

    def describe_teacher(self) -> dict[str, str]:
        """Return a hash of what the teacher says, by name; nothing where nobody teaches."""
        if self.teacher_logits is None:
            return {}
        return {TEACHER_LOGITS: hashlib.sha256(self.teacher_logits.tobytes()).hexdigest()}


def teach_rows(
    training: Features,
    lessons: Lessons | None,
    loss: LossParams,
    labels: Sequence[str],
    fingerprint: Mapping[str, str],
) -> TaughtRows:
    """Put a teacher's scores beside the rows that train, and add those without labels.

    Args:
        training: Labelled rows that train.
        lessons: What there is to learn beside the labels; None where nobody teaches.
        loss: Whether a teacher is wanted, and how much a row without a label counts.
        labels: Label names in the order of the student's logits.
        fingerprint: What the student is made from; its teacher has to be of the same rows, and of
            the same fold of the same split.

    Raises:
        ValueError: A teacher is wanted and there is none, or the scores are not those of a model
            that has never seen the rows which this one holds out, or of other labels, or a row has
            none.
    """
    if loss.name != "distillation":
        return TaughtRows(training)
    if lessons is None:
        raise ValueError(
            "loss.name is distillation, and there are no scores of a teacher to learn. They are "
            "made by kedro run, in node teach; a search for settings (tune) has none."
        )
    require_same_making(
        "the scores of the teacher", lessons.scores.fingerprint, fingerprint, exactly=True
    )
    _require_same_labels(lessons.scores.labels, labels)
    rows = _join(training, lessons.unlabelled, loss.unlabelled_weight or 1.0)
    return TaughtRows(rows, _scores_of(rows, lessons.scores))


def require_same_making(
    what: str, found: Mapping[str, str], wanted: Mapping[str, str], *, exactly: bool = False
) -> None:
    """Refuse a teacher, or scores, of other rows, of another split or of another fold.

    A model that trained on a row which the student holds out would tell the student about it.

    Args:
        what: What is looked at, for the message.
        found: Its fingerprint.
        wanted: The student's; of it, what teachers have to agree in.
        exactly: Whether ``found`` may have no more of this than ``wanted``.

    Raises:
        ValueError: Naming the first part that differs.
    """
    for name in OF_TEACHERS:
        if not exactly and name not in wanted:
            continue
        if found.get(name) != wanted.get(name):
            raise ValueError(
                f"A student cannot learn from {what}: {name} {_shown(found.get(name))} there and "
                f"{_shown(wanted.get(name))} here ({_MEANING[name]}). Only a model that has never "
                "seen the rows which this fold holds out may teach it: train teacher and student "
                "on the same rows and folds, with this version."
            )


_MEANING = {
    "rows": "the training rows",
    "folds": "the split, by the settings under folds",
    "held_out": "the rows that the fold holds out",
}


def _shown(value: str | None) -> str:
    return "is not known" if value is None else f"is {value[:8]}"


def _require_same_labels(found: Sequence[str], wanted: Sequence[str]) -> None:
    if tuple(found) != tuple(wanted):
        raise ValueError(
            f"A student cannot learn from scores of other labels, or in another order: found "
            f"{list(found)[:_SHOWN]}… ({len(found)}), wanted {list(wanted)[:_SHOWN]}… "
            f"({len(wanted)})."
        )


def _join(training: Features, unlabelled: Features, weight: float) -> Features:
    found, wanted = (part.fingerprint.get("tokenizer") for part in (unlabelled, training))
    if len(unlabelled) and found != wanted:
        raise ValueError(
            "The rows of raw.unlabelled were encoded by another tokenizer or in another format "
            "than the training rows; run tokenize again."
        )
    place = SCHEMA.get_field_index("weight")
    weights = pa.array(np.full(len(unlabelled), weight), SCHEMA.field(place).type)
    added = unlabelled.table.set_column(place, SCHEMA.field(place), weights)
    joined = pa.concat_tables([training.table.cast(SCHEMA), added.cast(SCHEMA)])
    return replace(training, table=joined.combine_chunks())


def _scores_of(rows: Features, scores: ScoreTable) -> NDArray[np.float32]:
    try:
        return scores.in_order_of(rows.row_ids.tolist()).logits
    except ValueError as error:
        missing = len(set(rows.row_ids) - set(scores.row_ids))
        raise ValueError(
            f"A student learns from a teacher's scores of every row that trains, and "
            f"{counted(missing, 'row')} of {len(rows)} have none: {error} Run node teach again."
        ) from error
