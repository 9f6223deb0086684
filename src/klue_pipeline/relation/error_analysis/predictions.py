"""What the models said about each row, how sure they were, and whether the folds' models agree.

A row on which they do not agree is one that the choice of training rows decides: worth a look
whether or not the prediction is right.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.error_analysis.rows import ScoredRows

N_TOP = 5
"""Labels of a row that are shown, the likeliest first."""

TOP_COLUMNS = [f"top_{rank}" for rank in range(1, N_TOP + 1)]
PROBABILITY_COLUMNS = [f"probability_{rank}" for rank in range(1, N_TOP + 1)]


def describe_predictions(rows: ScoredRows) -> pd.DataFrame:
    """Return the columns ``true_label`` to ``probability_5`` of the table of errors.

    A model that tells apart fewer than five labels leaves the last columns missing.
    """
    names, probabilities = np.array(rows.scores.labels, dtype=object), rows.scores.probabilities
    top = _top_ids(rows.scores.logits)
    true_ids = pd.Index(names).get_indexer(pd.Index(rows.true_labels))
    known = pd.Series(true_ids >= 0)
    correct = pd.Series(true_ids == top[:, 0]).astype("boolean").where(known)
    shown = np.take_along_axis(probabilities, top, axis=1)
    judged = pd.DataFrame(
        {
            "true_label": rows.true_labels.astype("str"),
            "predicted_label": pd.Series(names[top[:, 0]], dtype="str"),
            "correct": correct,
            "confidence": shown[:, 0],
            "true_probability": _pick(probabilities, true_ids),
        }
    )
    labels = _by_rank(names[top], TOP_COLUMNS).astype("str")
    return pd.concat([judged, labels, _by_rank(shown, PROBABILITY_COLUMNS)], axis=1)


def _top_ids(logits: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the best labels of each row; equal ones in label order, as ``argmax`` has it."""
    return np.argsort(-logits, axis=1, kind="stable")[:, :N_TOP]


def _pick(probabilities: NDArray[np.float64], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    picked = probabilities[np.arange(len(ids)), ids]
    return np.where(ids >= 0, picked, np.nan)


def _by_rank(values: NDArray[Any], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(values).reindex(columns=range(len(columns))).set_axis(columns, axis=1)


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
