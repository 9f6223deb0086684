"""Whether the models of the folds agree about a row.

A row on which they do not is one that the choice of training rows decides: worth a look whether or
not the prediction is right.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.error_analysis.counts import write_counts
from klue_pipeline.relation.error_analysis.rows import ScoredRows
from klue_pipeline.relation.scores import ScoreTable


def describe_disagreement(rows: ScoredRows) -> pd.DataFrame:
    """Return the columns ``models`` to ``fold_predictions`` of the table of errors."""
    votes = _votes_of_folds(rows) if rows.fold_scores else _votes_of_repeated_rows(rows.scores)
    models = votes.sum(axis=1)
    texts = write_counts(votes, rows.scores.labels)
    return pd.DataFrame(
        {
            "models": models,
            "different_predictions": (votes > 0).sum(axis=1),
            "fold_predictions": texts.where(models > 1),
        }
    )


def _votes_of_folds(rows: ScoredRows) -> NDArray[np.int64]:
    """Count the folds that predict each label. Shape: (rows, labels)."""
    votes = np.zeros(rows.scores.logits.shape, dtype=np.int64)
    for table in rows.fold_scores:
        votes[np.arange(len(rows)), table.logits.argmax(axis=1)] += 1
    return votes


def _votes_of_repeated_rows(scores: ScoreTable) -> NDArray[np.int64]:
    """Count, over the folds that held out the same row, how many predict each label."""
    codes, row_ids = pd.factorize(scores.row_ids)
    votes = np.zeros((len(row_ids), len(scores.labels)), dtype=np.int64)
    np.add.at(votes, (codes, scores.logits.argmax(axis=1)), 1)
    return votes[codes]
