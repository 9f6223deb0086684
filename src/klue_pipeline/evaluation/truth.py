"""Scores with the true label of each row: looked up once, and handed on as one value."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, rows_common_to_all
from klue_pipeline.text.counts import counted


@dataclass(frozen=True)
class LabelledScores:
    """One model's scores, and the true labels of the same rows in the same order.

    Attributes:
        table: The scores, at least of the rows to judge.
        truth: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation, or None.
    """

    table: ScoreTable
    truth: NDArray[np.int64]
    negative_id: int | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.table)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The id of each row's best label. Shape: (rows,)."""
        return np.asarray(self.table.logits.argmax(axis=1), dtype=np.int64)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "LabelledScores":
        """Return some rows, given as positions in the wanted order or as a mask."""
        return replace(self, table=self.table.take(rows), truth=self.truth[rows])

    def with_table(self, table: ScoreTable) -> "LabelledScores":
        """Return other scores of the same rows in the same order."""
        return replace(self, table=table)


def label_scores(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> LabelledScores:
    """Look up the true label of each scored row.

    Args:
        scores: Scores for these labels.
        gold: True label names, indexed by row id; may list more rows than were scored.
        labels: The label set of the scores.

    Raises:
        ValueError: The label sets differ, or a scored row has no true label or an unknown one.
    """
    return LabelledScores(scores, gold_ids(scores, gold, labels), labels.negative_id)


def take_common_rows(models: list[LabelledScores]) -> list[LabelledScores]:
    """Keep the out-of-fold rows that all models scored, in the order of the first.

    Returns:
        As many; without rows if they have none in common.
    """
    places = rows_common_to_all([model.table for model in models])
    return [model.take(rows) for model, rows in zip(models, places, strict=True)]


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


def gold_ids(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> NDArray[np.int64]:
    """Look up the true label id of each scored row; see :func:`label_scores`. Shape: (rows,)."""
    if list(scores.labels) != labels.names:
        raise ValueError(
            f"Scores are for {len(scores.labels)} labels {list(scores.labels)[:3]}…, the label "
            f"set has {len(labels.names)} {labels.names[:3]}…; score again with this label set."
        )
    found = pd.Index(labels.names).get_indexer(pd.Index(gold.reindex(scores.row_ids)))
    missing = scores.row_ids[found < 0]
    if len(missing):
        raise ValueError(
            f"Found {counted(len(missing), 'scored row')} without a true label of the label set, "
            f"among them {missing[:3].tolist()}; the scores may belong to other rows."
        )
    return found.astype(np.int64)
