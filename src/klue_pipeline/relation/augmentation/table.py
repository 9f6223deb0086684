"""Originals and new rows as one table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.relation.augmentation.rows.example import Example

ORIGINAL = "original"


def join_rows(
    sentences: pd.DataFrame,
    added: Mapping[str, Sequence[Example]],
    left_out: Collection[str] = (),
) -> pd.DataFrame:
    """Put new rows behind the originals.

    Args:
        sentences: The originals; schema ``Sentences``.
        added: New rows by method, each with the id of the row that it was made from.
        left_out: Ids of originals that must not train; their weight is 0.

    Returns:
        Rows of schema ``TrainingSentences``. A new row is called after its origin and its method,
        ``<row_id>.<method>``, and numbered from the second on.
    """
    tables = [_tabulate(sentences, method, rows) for method, rows in added.items() if rows]
    return pd.concat([mark_originals(sentences, left_out), *tables], ignore_index=True)


def mark_originals(sentences: pd.DataFrame, left_out: Collection[str] = ()) -> pd.DataFrame:
    """Return the rows with themselves as origin, and full weight unless they are left out."""
    weights = np.where(sentences["row_id"].isin(list(left_out)), 0.0, 1.0)
    return sentences.assign(origin_id=sentences["row_id"], method=ORIGINAL, weight=weights)


def _tabulate(sentences: pd.DataFrame, method: str, rows: Sequence[Example]) -> pd.DataFrame:
    origin_ids = pd.Series([row.row_id for row in rows], dtype="str")
    places = pd.Index(sentences["row_id"]).get_indexer(pd.Index(origin_ids))
    columns: dict[str, Any] = {
        name: [value(row) for row in rows] for name, value in _COLUMNS.items()
    }
    columns |= {"row_id": _name_rows(origin_ids, method), "origin_id": origin_ids}
    made = pd.DataFrame({**columns, "method": method})
    others: pd.DataFrame = sentences.drop(columns=made.columns, errors="ignore").iloc[places]
    return others.reset_index(drop=True).join(made)


def _name_rows(origin_ids: pd.Series, method: str) -> pd.Series:
    copies = origin_ids.groupby(origin_ids).cumcount() + 1
    numbers = np.where(copies > 1, "." + copies.astype("str"), "")
    return origin_ids + f".{method}" + numbers


_COLUMNS: dict[str, Callable[[Example], Any]] = {
    "sentence": lambda row: row.sentence,
    "subject_text": lambda row: row.subject.text,
    "subject_start": lambda row: row.subject.start_char,
    "subject_end": lambda row: row.subject.end_char,
    "subject_type": lambda row: row.subject.type,
    "object_text": lambda row: row.object.text,
    "object_start": lambda row: row.object.start_char,
    "object_end": lambda row: row.object.end_char,
    "object_type": lambda row: row.object.type,
    "type_pair": lambda row: row.type_pair,
    "pair_key": lambda row: row.pair_key,
    "label": lambda row: row.label,
    "weight": lambda row: row.weight,
}
