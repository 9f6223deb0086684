"""A mean of probabilities whose weights make the true labels likeliest.

The log loss of a mixture is convex in its weights, and EM reaches the optimum. F1 itself is a step
function of the weights, whose highest step on some rows is mostly luck on others.
"""

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.settings.params import EnsembleParams

_MAX_ROUNDS = 1000
_TOLERANCE = 1e-6


def weighted_soft_vote(
    rows: TuningRows,
    objective: Objective,
    params: EnsembleParams,  # noqa: ARG001
) -> Blend:
    """Fit one weight per member; rows count by the target's prior if the objective does so."""
    counted = rows.weights if objective.is_shift_aware else np.ones(len(rows.gold_ids))
    weights = mixture_weights(_of_gold(rows), counted)
    return Blend(lambda said: weighted_mean(said, weights), weights)


def mixture_weights(
    likelihood: NDArray[np.float64], row_weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the weights of a mixture that make what was seen likeliest.

    Args:
        likelihood: Each member's probability of each row's true label. Shape: (members, rows).
        row_weights: How much each row counts. Shape: (rows,).

    Returns:
        None negative, summing to 1. Shape: (members,).
    """
    weights, shares = equal_weights(len(likelihood)), row_weights / row_weights.sum()
    for _ in range(_MAX_ROUNDS):
        following = weights * (likelihood @ (shares / (weights @ likelihood)))
        following /= following.sum()
        moved = np.abs(following - weights).max()
        weights = following
        if moved < _TOLERANCE:
            break
    return np.asarray(weights)


def _of_gold(rows: TuningRows) -> NDArray[np.float64]:
    """Return each member's probability of the true labels. Shape: (members, rows)."""
    places = np.arange(len(rows.gold_ids))
    return np.exp(rows.said[:, places, rows.gold_ids].astype(np.float64))
