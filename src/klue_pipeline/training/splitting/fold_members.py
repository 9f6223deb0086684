"""Which rows a fold trains on and validates on, and how well the two mirror each other.

Membership is a table (``fold``, ``row_id``), because the validation parts of shuffle splits overlap
and a hold-out leaves most rows in none.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray
from pandera.typing import Series

from klue_pipeline.text.counts import counted
from klue_pipeline.text.records.schema import Table
from klue_pipeline.training.splitting.folds import Positions

Mask = NDArray[np.bool_]


class FoldMembers(Table):
    """The validation rows of each fold; all other rows are the fold's training part."""

    fold: Series[int] = pa.Field(ge=0)
    """Number of the fold, counted from 0."""
    row_id: Series[str]

    class Config(Table.Config):
        """Settings that pandera reads."""

        unique = ["fold", "row_id"]  # noqa: RUF012 - pandera's own form


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
            f"Fold {fold} validates on {counted(len(unknown), 'row')} outside the table, among "
            f"them {_some(unknown)}; folds and rows come from different runs, make both again."
        )
    is_validation = row_ids.isin(held_out).to_numpy(dtype=bool)
    origins = row_ids if origin_ids is None else origin_ids
    return ~origins.isin(held_out).to_numpy(dtype=bool), is_validation


def label_distance(labels: NDArray[np.object_], is_validation: NDArray[np.bool_]) -> float:
    """Return the total variation distance between the validation part's labels and all labels.

    Half the sum over labels of the difference in share: 0 for the same mix, 1 for no label in
    common; 0.03 means that 3 % of the validation rows would have to change their label.

    Args:
        labels: The label of each row. Shape: (rows,).
        is_validation: True for the rows of the validation part, at least one. Shape: (rows,).
    """
    names, codes = np.unique(labels, return_inverse=True)
    overall = np.bincount(codes, minlength=len(names)) / len(codes)
    held_out = np.bincount(codes[is_validation], minlength=len(names)) / is_validation.sum()
    return float(np.abs(overall - held_out).sum() / 2)


def labels_missing_from_training(
    labels: NDArray[np.object_], is_validation: NDArray[np.bool_]
) -> list[str]:
    """Return the labels that only validation rows have, sorted; a model cannot learn these.

    Args:
        labels: The label of each row. Shape: (rows,).
        is_validation: True for the rows of the validation part. Shape: (rows,).
    """
    return [str(name) for name in np.setdiff1d(labels[is_validation], labels[~is_validation])]


def _some(values: pd.Series) -> str:
    return ", ".join(str(value) for value in values.head(3))
