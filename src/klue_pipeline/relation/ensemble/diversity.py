"""How differently members err: what a blend of them can gain at most."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.relation.ensemble.members import Panel

COLUMNS = (
    "first", "second", "error_correlation", "disagreement", "both_wrong", "oracle_accuracy",
)  # fmt: skip


def tabulate_diversity(panel: Panel, gold_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Compare the errors of every two members.

    Args:
        panel: Out-of-fold scores of the members.
        gold_ids: True label ids. Shape: (rows,).

    Returns:
        One row per pair: ``error_correlation`` (of being wrong, -1 to 1; NaN where one is never or
        always wrong), and from 0 to 100 ``disagreement`` (rows with different predictions),
        ``both_wrong``, and ``oracle_accuracy`` (rows that at least one has right).
    """
    predicted = panel.said.argmax(axis=2)
    is_wrong = predicted != gold_ids
    lines = [
        (
            panel.names[first],
            panel.names[second],
            _correlation(is_wrong[first], is_wrong[second]),
            PERCENT * (predicted[first] != predicted[second]).mean(),
            PERCENT * (is_wrong[first] & is_wrong[second]).mean(),
            PERCENT * (~(is_wrong[first] & is_wrong[second])).mean(),
        )
        for first, second in combinations(range(len(panel.names)), 2)
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def oracle_accuracy(panel: Panel, gold_ids: NDArray[np.int64]) -> float:
    """Return the share of rows that at least one member has right, 0 to 100."""
    return PERCENT * float((panel.said.argmax(axis=2) == gold_ids).any(axis=0).mean())


def _correlation(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the correlation of two yes-or-no variables (phi)."""
    spread = np.sqrt(first.mean() * (1 - first.mean()) * second.mean() * (1 - second.mean()))
    if spread == 0:
        return float("nan")
    return float(((first & second).mean() - first.mean() * second.mean()) / spread)
