"""The true labels of score tables: looked up by row, as texts and as ids."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable


def gold_by_row(rows: pd.DataFrame) -> pd.Series:
    """Return the true labels of a table with ``row_id`` and ``label``, indexed by row id.

    Raises:
        ValueError: A row id stands in the table twice.
    """
    gold = rows.set_index("row_id")["label"]
    if not gold.index.is_unique:
        repeated = gold.index[gold.index.duplicated()][0]
        raise ValueError(f"Row ids of true labels must be unique; {repeated!r} is repeated.")
    return gold


def take_rows(scores: ScoreTable, rows: NDArray[np.int64] | NDArray[np.bool_]) -> ScoreTable:
    """Return the scores of some rows, given as positions in the wanted order or as a mask."""
    folds = None if scores.folds is None else scores.folds[rows]
    return replace(scores, row_ids=scores.row_ids[rows], logits=scores.logits[rows], folds=folds)


def negative_id(labels: LabelSet) -> int | None:
    """Return the id of the label that means no relation, or None if there is none."""
    return None if labels.negative is None else labels.names.index(labels.negative)


def gold_ids(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> NDArray[np.int64]:
    """Look up the true label id of each scored row.

    Returns:
        Label ids in the order of ``scores``. Shape: (rows,).

    Raises:
        ValueError: The label sets differ, or a scored row has no true label or an unknown one.
    """
    if list(scores.labels) != labels.names:
        raise ValueError(
            f"Scores are for {len(scores.labels)} labels {list(scores.labels)[:3]}…, the label "
            f"set has {len(labels.names)} {labels.names[:3]}…; score again with this label set."
        )
    found = pd.Index(labels.names).get_indexer(pd.Index(gold.reindex(scores.row_ids)))
    missing = scores.row_ids[found < 0]
    if len(missing):
        raise ValueError(
            f"{len(missing)} scored rows have no true label of the label set, among them "
            f"{missing[:3].tolist()}; the scores may belong to other rows."
        )
    return found.astype(np.int64)
