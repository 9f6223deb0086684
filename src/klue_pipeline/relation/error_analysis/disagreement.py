"""Whether the models of the folds agree about a row.

A row on which they do not is one that the choice of training rows decides: worth a look whether or
not the prediction is right.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.error_analysis.rows import ScoredRows


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


def write_counts(counts: NDArray[np.int64], names: Sequence[str]) -> pd.Series:
    """Write each row of counts as labels with their number, the most frequent first.

    Equal rows are written only once, so that this is quick for tables of any length.

    Args:
        counts: How often each label occurs, per row. Shape: (rows, labels).
        names: The labels.

    Returns:
        One text per row; missing where nothing was counted. Shape: (rows,).

    >>> write_counts(np.array([[1, 2], [0, 0], [3, 0]]), ["per:title", "no_relation"]).tolist()
    ['no_relation (2), per:title (1)', nan, 'per:title (3)']
    """
    patterns, pattern_of_row = np.unique(counts, axis=0, return_inverse=True)
    texts = np.array([_write(pattern, names) for pattern in patterns], dtype=object)
    return pd.Series(texts[pattern_of_row.ravel()], dtype="str")


def _write(counts: NDArray[np.int64], names: Sequence[str]) -> str | None:
    order = np.argsort(-counts, kind="stable")
    found = [f"{names[place]} ({counts[place]})" for place in order if counts[place]]
    return ", ".join(found) or None
