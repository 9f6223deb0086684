"""Scored rows and the training part of their folds: what may be learned for a row, and from what.

Whatever is fitted or counted for a fold must not see the rows that the fold holds out. With
overlapping folds a row is scored several times, and then none of its scores may be used for a fold
that holds it out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.text.counts import counted

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class NestedPart:
    """The scored rows as one fold sees them.

    Attributes:
        fold: Number of the fold.
        held_out: Rows scored by the model of this fold. Shape: (rows,).
        others: Rows that other folds' models scored and this fold does not hold out: what may be
            learned from for this fold. Without any row if there is one fold only. Shape: (rows,).
    """

    fold: int
    held_out: Mask
    others: Mask


def nested_parts(scores: ScoreTable) -> Iterator[NestedPart]:
    """Yield, fold by fold, the rows to judge and the rows that something may be fitted on.

    Raises:
        ValueError: The scores do not say which fold they belong to.
    """
    folds = _require_folds(scores)
    codes, row_ids = pd.factorize(scores.row_ids)
    for fold in np.unique(folds).tolist():
        held_out = folds == fold
        is_own = np.zeros(len(row_ids), dtype=np.bool_)
        is_own[codes[held_out]] = True
        yield NestedPart(fold, held_out, ~is_own[codes])


@dataclass(frozen=True)
class TrainingCounts:
    """How often each value occurs in the training part of each fold.

    Attributes:
        counts: Rows by fold and value. Shape: (folds, values).
        folds: Numbers of the folds, ascending. Shape: (folds,).
    """

    counts: NDArray[np.int64]
    folds: pd.Index

    def places(self, scores: ScoreTable) -> NDArray[np.int64]:
        """Return which row of ``counts`` each scored row belongs to. Shape: (rows,).

        Raises:
            ValueError: The scores have no folds, or a fold that the split does not have.
        """
        places = self.folds.get_indexer(pd.Index(_require_folds(scores))).astype(np.int64)
        if (places < 0).any():
            raise ValueError(
                f"Rows were scored by fold {_require_folds(scores)[places < 0][0]}; the split has "
                f"folds {self.folds.tolist()}. Scores and folds come from different runs."
            )
        return places


def count_in_training(
    values: NDArray[np.int64], n_values: int, row_ids: pd.Series, fold_members: pd.DataFrame
) -> TrainingCounts:
    """Count values in the training part of every fold: all rows but those it holds out.

    Args:
        values: One id per row, counted from 0. Shape: (rows,).
        n_values: Number of values that there are, also of those that no row has.
        row_ids: Id of each row.
        fold_members: The rows that each fold holds out: ``fold`` and ``row_id``.

    Raises:
        ValueError: A fold holds out a row that is not in ``row_ids``.
    """
    held_out = values[find_rows(fold_members["row_id"], row_ids)]
    fold_places, folds = pd.factorize(fold_members["fold"], sort=True)
    shape = (len(folds), n_values)
    cells = fold_places * n_values + held_out
    held_out_counts = np.bincount(cells, minlength=len(folds) * n_values).reshape(shape)
    total = np.bincount(values, minlength=n_values)
    return TrainingCounts((total - held_out_counts).astype(np.int64), pd.Index(folds))


def find_rows(wanted: pd.Series | NDArray[np.object_], row_ids: pd.Series) -> NDArray[np.int64]:
    """Return the place of each wanted row among ``row_ids``. Shape: (wanted,).

    Raises:
        ValueError: A wanted row is not there, or a row id stands there twice.
    """
    known = pd.Index(row_ids)
    if not known.is_unique:
        raise ValueError(f"Row ids must be unique; {known[known.duplicated()][0]!r} is repeated.")
    places = np.asarray(known.get_indexer(pd.Index(wanted)), dtype=np.int64)
    missing = np.asarray(wanted, dtype=object)[places < 0]
    if len(missing):
        raise ValueError(
            f"Found {counted(len(missing), 'row')} outside the table of rows, among them "
            f"{missing[:3].tolist()}; scores, folds and rows come from different runs."
        )
    return places


def _require_folds(scores: ScoreTable) -> NDArray[np.int64]:
    if scores.folds is None:
        raise ValueError("Found scores without folds; out-of-fold scores were wanted.")
    return scores.folds
