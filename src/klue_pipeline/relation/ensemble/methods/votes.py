"""Means of what the members say: each with the same weight, or with weights that fit the labels."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    LogProbabilities,
    Objective,
    Probabilities,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.settings.params import EnsembleParams

_MAX_ROUNDS = 1000
_TOLERANCE = 1e-6


def soft_vote(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average probabilities; nothing is fitted."""
    weights = equal_weights(len(rows.log_probabilities))
    return Blend(lambda members: weighted_mean(members, weights), weights)


def hard_vote(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Count votes; nothing is fitted."""
    return Blend(_count_votes, equal_weights(len(rows.log_probabilities)))


def _count_votes(members: LogProbabilities) -> Probabilities:
    """Return (votes + mean probability) / (members + 1).

    A mean probability is below 1, so it never outweighs a vote: it breaks ties, and gives AUPRC an
    order among rows with equal votes.
    """
    n_members, _, n_labels = members.shape
    votes = sum(np.eye(n_labels, dtype=np.float32)[member.argmax(axis=1)] for member in members)
    mean = weighted_mean(members, equal_weights(n_members))
    return np.asarray((votes + mean) / (n_members + 1))


def logit_average(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average logarithms and normalise, which is the geometric mean; nothing is fitted."""
    return Blend(_geometric_mean, equal_weights(len(rows.log_probabilities)))


def _geometric_mean(members: LogProbabilities) -> Probabilities:
    # Logits of different members differ by a constant per row; log-probabilities do not.
    return np.asarray(softmax(members.mean(axis=0), axis=1))


def weighted_soft_vote(
    rows: TuningRows,
    objective: Objective,
    params: EnsembleParams,  # noqa: ARG001
) -> Blend:
    """Fit one weight per member by log loss; rows count as they do for the objective.

    The log loss of a mixture is convex in its weights, and EM reaches the optimum. F1 itself is a
    step function of the weights, whose highest step on some rows is mostly luck on others.
    """
    counted = rows.weights if objective.is_shift_aware else np.ones(len(rows.gold_ids))
    weights = mixture_weights(_of_gold(rows), counted)
    return Blend(lambda members: weighted_mean(members, weights), weights)


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
    return np.exp(rows.log_probabilities[:, places, rows.gold_ids].astype(np.float64))
