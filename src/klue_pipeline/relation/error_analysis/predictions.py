"""What the models said about each row, and how sure they were."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
