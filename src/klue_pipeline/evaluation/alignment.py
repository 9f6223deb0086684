"""Score tables brought to the same rows in the same order."""

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import take_rows


def rows_common_to_all(tables: list[ScoreTable]) -> list[ScoreTable]:
    """Keep the out-of-fold rows that every table has, in the order of the first table.

    Experiments may have trained different folds of the same split. A row held out by several
    folds counts once per fold.

    Args:
        tables: At least one table of out-of-fold scores.

    Returns:
        The same tables, aligned row by row; without rows if they have none in common.
    """
    keys = [row_keys(table) for table in tables]
    common = keys[0]
    for other in keys[1:]:
        common = common[common.isin(other)]
    return [
        take_rows(table, np.asarray(own.get_indexer(common), dtype=np.int64))
        for table, own in zip(tables, keys, strict=True)
    ]


def row_keys(table: ScoreTable) -> pd.MultiIndex:
    """Return fold and id of each row, which together name it; test rows have no fold."""
    folds = np.zeros(len(table), dtype=np.int64) if table.folds is None else table.folds
    return pd.MultiIndex.from_arrays([folds, table.row_ids])
