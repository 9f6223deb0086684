"""Ways to split rows into a training and a validation part, fold by fold.

A fold is the list of rows it validates on; its training part is all the others.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.training.params import FoldsParams, FoldStrategy

logger = logging.getLogger(__name__)

Positions = NDArray[np.int64]
"""Places of rows in their table, counted from 0, ascending."""


@dataclass(frozen=True)
class RowsToSplit:
    """What a splitting strategy may look at; all in the order of the table.

    Attributes:
        labels: The label of each row, for stratification. Shape: (rows,).
        groups: A number per row; rows that share it belong on one side of a split. Shape: (rows,).
        given_fold: The fold each row was assigned beforehand, where somebody did.
    """

    labels: NDArray[np.object_]
    groups: NDArray[np.int64]
    given_fold: pd.Series | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)


def split_rows(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Draw the validation rows of every fold; the same seed and rows draw the same.

    Args:
        rows: Labels, groups and given folds of the rows.
        folds: Strategy, number of folds, seed and validation share.

    Returns:
        The validation rows of fold 0, 1, …

    Raises:
        ValueError: There are too few rows or groups for the folds, the given folds are not those
            wanted, or a fold would have no training or no validation rows.
    """
    parts = [np.sort(part).astype(np.int64) for part in SPLITTERS[folds.strategy](rows, folds)]
    for fold, part in enumerate(parts):
        if not 0 < len(part) < len(rows):
            raise ValueError(
                f"Fold {fold} of strategy {folds.strategy} has {len(rows) - len(part)} training "
                f"and {len(part)} validation rows; both need at least one. "
                f"Change folds.n_splits ({folds.n_splits}) or folds.strategy."
            )
    return parts


def strata_of_rows(labels: NDArray[np.object_], wanted_rows: int) -> NDArray[np.int64]:
    """Number the labels for stratification, pooling those too rare to be spread.

    Labels with fewer than ``wanted_rows`` rows share one number. If even together they have fewer,
    the rarest other labels join them until they do not.

    Args:
        labels: The label of each row. Shape: (rows,).
        wanted_rows: Rows that each stratum needs to have one in every part.

    Returns:
        The stratum of each row, at least ``wanted_rows`` rows each, or one stratum for all rows
        where there are fewer. Shape: (rows,).
    """
    names, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(counts, kind="stable")
    n_rare = int((counts < wanted_rows).sum())
    if n_rare == 0:
        return np.asarray(codes, dtype=np.int64)
    n_pooled = max(n_rare, int(np.searchsorted(counts[order].cumsum(), wanted_rows)) + 1)
    logger.info(
        "Stratified as one, because each has fewer than %d rows or joined those that do: %s",
        wanted_rows,
        ", ".join(f"{names[place]} ({counts[place]})" for place in order[:n_pooled]),
    )
    stratum_of_label = np.arange(len(names))
    stratum_of_label[order[:n_pooled]] = order[0]
    return np.asarray(stratum_of_label[codes], dtype=np.int64)


def _split_stratified_by_group(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Spread labels evenly over k folds without ever dividing a group."""
    from sklearn.model_selection import StratifiedGroupKFold

    _require(len(np.unique(rows.groups)), "groups of connected rows", folds)
    strata = strata_of_rows(rows.labels, folds.n_splits)
    splitter = StratifiedGroupKFold(folds.n_splits, shuffle=True, random_state=folds.seed)
    return [part for _, part in splitter.split(strata, strata, rows.groups)]


def _split_stratified(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Spread labels evenly over k folds."""
    from sklearn.model_selection import StratifiedKFold

    _require(len(rows), "rows", folds)
    strata = strata_of_rows(rows.labels, folds.n_splits)
    splitter = StratifiedKFold(folds.n_splits, shuffle=True, random_state=folds.seed)
    return [part for _, part in splitter.split(strata, strata)]


def _split_at_random(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Cut a random order of the rows into k folds."""
    from sklearn.model_selection import KFold

    _require(len(rows), "rows", folds)
    splitter = KFold(folds.n_splits, shuffle=True, random_state=folds.seed)
    return [part for _, part in splitter.split(rows.labels)]


def _hold_out_share(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Draw ``validation_share`` of every label, anew for each fold, so that folds overlap."""
    from sklearn.model_selection import StratifiedShuffleSplit

    if len(rows) < 2:  # noqa: PLR2004 - one row to train on and one to validate
        raise ValueError(f"Strategy {folds.strategy} needs 2 rows or more; found {len(rows)}.")
    # Rounded here and not by scikit-learn, whose ceil(0.2 * 15.000…04) style can empty a part.
    n_validation = min(max(round(len(rows) * folds.validation_share), 1), len(rows) - 1)
    smaller_share = min(folds.validation_share, 1 - folds.validation_share)
    strata = strata_of_rows(rows.labels, math.ceil(1 / smaller_share))
    splitter = StratifiedShuffleSplit(
        folds.n_splits, test_size=n_validation, random_state=folds.seed
    )
    return [part for _, part in splitter.split(strata, strata)]


def _split_as_given(rows: RowsToSplit, folds: FoldsParams) -> list[Positions]:
    """Take the folds from the column that came with the rows."""
    given = rows.given_fold
    wanted = list(range(folds.n_splits))
    n_missing = len(rows) if given is None else int(given.isna().sum())
    if given is None or n_missing:
        raise ValueError(
            f"{n_missing} of {len(rows)} rows have no given fold; strategy given wants one of "
            f"{wanted} in column 'fold' of every training row. Fill it in or set folds.strategy."
        )
    fold_of_row = given.to_numpy(dtype=np.int64)
    found = np.unique(fold_of_row).tolist()
    if found != wanted:
        raise ValueError(
            f"The given folds are {found}; folds.n_splits={folds.n_splits} wants {wanted}. "
            "Change column 'fold' or folds.n_splits."
        )
    return [np.flatnonzero(fold_of_row == fold) for fold in wanted]


Splitter = Callable[[RowsToSplit, FoldsParams], list[Positions]]
SPLITTERS: dict[FoldStrategy, Splitter] = {
    "stratified_group": _split_stratified_by_group,
    "stratified": _split_stratified,
    "kfold": _split_at_random,
    "shuffle_split": _hold_out_share,
    "holdout": _hold_out_share,
    "given": _split_as_given,
}


def _require(n_found: int, what: str, folds: FoldsParams) -> None:
    if n_found <= 1:
        raise ValueError(
            f"Strategy {folds.strategy} cannot make {folds.n_splits} folds of {n_found} {what}: "
            "all rows are connected. Choose another folds.strategy, such as stratified, or give "
            "more rows."
        )
    if n_found < folds.n_splits:
        raise ValueError(
            f"Strategy {folds.strategy} cannot make {folds.n_splits} folds of {n_found} {what}; "
            f"set folds.n_splits to at most {n_found} or choose another strategy."
        )
