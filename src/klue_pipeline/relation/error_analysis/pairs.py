"""What the training rows say about a scored row's pair of entities.

A model that has seen a pair can answer from memory; one that has seen it with another label can
err from memory.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.error_analysis.disagreement import write_counts
from klue_pipeline.relation.error_analysis.rows import ScoredRows
from klue_pipeline.relation.error_analysis.training_rows import TrainingRows


def describe_pairs(rows: ScoredRows, training: TrainingRows) -> pd.DataFrame:
    """Return the columns ``pair_rows`` to ``pair_rows_seen`` of the table of errors.

    Raises:
        ValueError: A row was scored by a model that learned from it, or by a fold that the training
            rows do not know.
    """
    pair_of_training_row, keys = pd.factorize(training.sentences["pair_key"])
    # A pair that no training row has is number -1: the row of zeros behind all sums.
    pair = pd.Index(keys).get_indexer(pd.Index(rows.sentences["pair_key"]))
    has_label = _has_label(training)
    labels = _sum_by_pair(pair_of_training_row, has_label)[pair] - _own(rows, training, has_label)
    seen = _sum_by_pair(pair_of_training_row, _learned_by_fold_or_any(training))
    return pd.DataFrame(
        {
            "pair_rows": labels.sum(axis=1),
            "pair_labels": write_counts(labels, training.label_names),
            "pair_rows_seen": seen[pair, _model_of_row(rows, training)],
        }
    )


def _has_label(training: TrainingRows) -> NDArray[np.bool_]:
    """Mark the label of each training row. Shape: (training rows, labels of the task)."""
    names = pd.Index(training.label_names)
    ids = names.get_indexer(pd.Index(training.sentences["label"]))
    return np.asarray(ids[:, None] == np.arange(len(names)))


def _sum_by_pair(
    pair_of_training_row: NDArray[np.int64], marks: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count the marked training rows of each pair. Shape: (pairs + 1, columns of ``marks``)."""
    n_pairs = pair_of_training_row.max(initial=-1) + 1
    sums = np.zeros((n_pairs + 1, marks.shape[1]), dtype=np.int64)
    np.add.at(sums, pair_of_training_row, marks)
    return sums


def _own(
    rows: ScoredRows, training: TrainingRows, has_label: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Mark the given label of each scored row that is itself a training row.

    Test rows are none, even where their ids look the same. Shape: (rows, labels of the task).
    """
    if rows.scores.folds is None:
        return np.zeros((len(rows), has_label.shape[1]), dtype=np.int64)
    place = pd.Index(training.sentences["row_id"]).get_indexer(pd.Index(rows.scores.row_ids))
    learned = training.learned[place, _model_of_row(rows, training)]
    if learned.any():
        raise ValueError(
            f"{learned.sum()} out-of-fold rows were scored by a model that had them to learn from, "
            f"such as {rows.scores.row_ids[learned][:3].tolist()}; scores and folds come from "
            "different runs, train again with this split."
        )
    return np.asarray(has_label[place], dtype=np.int64)


def _learned_by_fold_or_any(training: TrainingRows) -> NDArray[np.bool_]:
    """Add a last column for test rows, which the models of all folds score together."""
    return np.column_stack([training.learned, training.learned.any(axis=1)])


def _model_of_row(rows: ScoredRows, training: TrainingRows) -> NDArray[np.int64]:
    """Return the column of :func:`_learned_by_fold_or_any` for each row. Shape: (rows,)."""
    if rows.scores.folds is None:
        return np.full(len(rows), len(training.folds))
    return training.columns_of(rows.scores.folds)
