"""The training and the validation rows of one fold, and what a model learns of the former as facts.

Facts are counted on the training part alone: how often each label occurs, which entity types there
are, and which labels occur with which pair of types.
"""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.encoded_rows import TYPE_COLUMNS, column_of
from klue_pipeline.relation.encoding.features import NO_LABEL, SCHEMA, Features
from klue_pipeline.relation.metrics.targets import map_label_ids, target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.training.splitting.fold_members import training_and_validation_rows

logger = logging.getLogger(__name__)

_PAIR_SEPARATOR = ":"


def split_features(
    features: Features, fold_members: pd.DataFrame, fold: int
) -> tuple[Features, Features]:
    """Split encoded rows into a fold's training and validation part.

    An augmented row trains only where its origin does and never validates. A row of weight 0 does
    not train, and validates like any other; how many there are is logged.
    """
    training, validation = training_and_validation_rows(
        pd.Series(features.row_ids), fold_members, fold, pd.Series(column_of(features, "origin_id"))
    )
    counts = column_of(features, "weight") > 0
    if left_out := int((training & ~counts).sum()):
        logger.info(
            "fold_%d: %d of %d training rows have weight 0 and do not train",
            fold,
            left_out,
            int(training.sum()),
        )
    return (
        features.select(np.flatnonzero(training & counts)),
        features.select(np.flatnonzero(validation)),
    )


def answer_target(features: Features, labels: LabelSet, target: TargetParams) -> Features:
    """Return the rows with the label ids of a target; -1 for a row without an answer.

    Args:
        features: Rows labelled by the task's own labels.
        labels: The task's labels.
        target: Which question the model answers.
    """
    # One place more, so that a row without a label (-1) stays without one.
    mapping = np.append(map_label_ids(labels, target), NO_LABEL)
    place = SCHEMA.get_field_index("label_id")
    mapped = pa.array(mapping[column_of(features, "label_id")], SCHEMA.field(place).type)
    table = features.table.set_column(place, SCHEMA.field(place), mapped)
    return replace(features, table=table, labels=tuple(target_labels(labels, target).names))


def answered_rows(features: Features) -> Features:
    """Return the rows that have a label."""
    return features.select(np.flatnonzero(column_of(features, "label_id") != NO_LABEL))


def count_labels(features: Features, labels: int) -> NDArray[np.int64]:
    """Count the rows of each label id. Shape: (labels,)."""
    return np.bincount(column_of(features, "label_id"), minlength=labels).astype(np.int64)


def list_entity_types(features: Features) -> tuple[str, ...]:
    """Return the entity types of subjects and objects, sorted; a row without one adds none."""
    found = {entity_type for name in TYPE_COLUMNS for entity_type in column_of(features, name)}
    return tuple(sorted(found - {None}))


def find_legal_labels(
    features: Features, negative_id: int | None = None
) -> dict[str, tuple[int, ...]]:
    """Return the labels that occur with each pair of entity types.

    Args:
        features: Rows with labels.
        negative_id: The label that is legal for every pair, or None.

    Returns:
        Label ids, ascending, by ``<subject type>:<object type>``; pairs sorted.
    """
    subject, object_ = (pd.Series(column_of(features, name)) for name in TYPE_COLUMNS)
    pairs = subject + _PAIR_SEPARATOR + object_
    found = pd.Series(column_of(features, "label_id")).groupby(pairs).unique()
    always = set() if negative_id is None else {negative_id}
    return {str(pair): tuple(sorted({*map(int, ids), *always})) for pair, ids in found.items()}
