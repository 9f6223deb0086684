"""Ways to split rows into a training and a validation part, fold by fold.

A fold is the list of rows it validates on; its training part is all the others. Membership is kept
as a table (``fold``, ``row_id``), because the validation parts of shuffle splits overlap and a
hold-out leaves most rows in none.
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
Mask = NDArray[np.bool_]


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


def tabulate_members(row_ids: pd.Series, validation_parts: list[Positions]) -> pd.DataFrame:
    """Write folds as a table of ``fold`` and ``row_id``, ordered by fold, then as ``row_ids``.

    Raises:
        ValueError: A row id occurs twice, so that it could not be told which row is meant.
    """
    if not row_ids.is_unique:
        raise ValueError(
            f"Row ids {_some(row_ids[row_ids.duplicated()])} occur more than once; "
            "folds need one id per row."
        )
    fold_numbers = np.repeat(np.arange(len(validation_parts)), [len(p) for p in validation_parts])
    members = row_ids.iloc[np.concatenate(validation_parts)].to_numpy()
    return pd.DataFrame({"fold": fold_numbers.astype(np.int64), "row_id": members})


def validation_row_ids(fold_members: pd.DataFrame, fold: int) -> pd.Series:
    """Return the ids of the rows that ``fold`` validates on, in table order.

    Args:
        fold_members: Columns ``fold`` and ``row_id``.
        fold: Number of the fold, counted from 0.

    Raises:
        ValueError: There is no such fold.
    """
    members = fold_members.loc[fold_members["fold"] == fold, "row_id"]
    if members.empty:
        present = sorted(int(number) for number in fold_members["fold"].unique())
        raise ValueError(
            f"There is no fold {fold}; the split has folds {present}. "
            "Run the clean pipeline again if folds.n_splits was changed."
        )
    return members.reset_index(drop=True)


def training_and_validation_rows(
    row_ids: pd.Series, fold_members: pd.DataFrame, fold: int, origin_ids: pd.Series | None = None
) -> tuple[Mask, Mask]:
    """Say which rows a fold trains on and which it validates on.

    An augmented row follows the row it was made from: it never validates, and it trains only where
    its origin does.

    Args:
        row_ids: Id of each row.
        fold_members: Columns ``fold`` and ``row_id``.
        fold: Number of the fold, counted from 0.
        origin_ids: Id of the row each row was made from, its own for an original; None where
            all rows are originals.

    Returns:
        The training rows, then the validation rows. Shape of each: (rows,).

    Raises:
        ValueError: There is no such fold, or it names rows that are not in ``row_ids``.
    """
    held_out = validation_row_ids(fold_members, fold)
    unknown = held_out[~held_out.isin(row_ids)]
    if len(unknown):
        raise ValueError(
            f"Fold {fold} validates on {len(unknown)} rows that are not in the table, among them "
            f"{_some(unknown)}; folds and rows come from different runs, make both again."
        )
    is_validation = row_ids.isin(held_out).to_numpy(dtype=bool)
    origins = row_ids if origin_ids is None else origin_ids
    return ~origins.isin(held_out).to_numpy(dtype=bool), is_validation


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
    if n_found < folds.n_splits:
        raise ValueError(
            f"Strategy {folds.strategy} cannot make {folds.n_splits} folds of {n_found} {what}; "
            f"set folds.n_splits to at most {n_found} or choose another strategy."
        )


def _some(values: pd.Series) -> str:
    return ", ".join(str(value) for value in values.head(3))
