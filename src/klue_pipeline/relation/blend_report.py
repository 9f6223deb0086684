"""How good a blend and its members are on the training rows that none of them saw."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.relation.ensemble import Blend, Selection
from klue_pipeline.relation.evaluation import evaluate_scores, take_rows
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable

logger = logging.getLogger(__name__)


def report_blend(
    selection: Selection, blend: Blend, gold: pd.Series, labels: LabelSet
) -> dict[str, Any]:
    """Judge each member on its own out-of-fold rows, and the blend on the rows they share.

    Args:
        selection: The members of the blend.
        blend: How their scores become one table.
        gold: True label names, indexed by row id.
        labels: The label set of the scores.

    Returns:
        A dictionary for JSON: ``members`` (metrics by experiment), ``skipped`` (reason by
        experiment) and ``out_of_fold``: the blend's metrics, None if the members share no row.
    """
    tables = selection.out_of_fold
    common = rows_common_to_all(list(tables.values()))
    n_common = len(common[0])
    if n_common < max(map(len, tables.values())):
        logger.warning(
            "Members were scored on different folds; the blend is judged on %d common rows only",
            n_common,
        )
    return {
        "members": {name: evaluate_scores(own, gold, labels) for name, own in tables.items()},
        "out_of_fold": evaluate_scores(blend(common), gold, labels) if n_common else None,
        "skipped": selection.skipped,
    }


def rows_common_to_all(tables: list[ScoreTable]) -> list[ScoreTable]:
    """Keep the out-of-fold rows that every table has, in the order of the first table.

    Experiments may have trained different folds of the same split. A row held out by several
    folds counts once per fold.

    Args:
        tables: At least one table of out-of-fold scores.

    Returns:
        The same tables, aligned row by row; without rows if they have none in common.
    """
    keys = [_row_keys(table) for table in tables]
    common = keys[0]
    for other in keys[1:]:
        common = common[common.isin(other)]
    return [
        take_rows(table, np.asarray(own.get_indexer(common), dtype=np.int64))
        for table, own in zip(tables, keys, strict=True)
    ]


def _row_keys(table: ScoreTable) -> pd.MultiIndex:
    folds = np.zeros(len(table), dtype=np.int64) if table.folds is None else table.folds
    return pd.MultiIndex.from_arrays([folds, table.row_ids])
