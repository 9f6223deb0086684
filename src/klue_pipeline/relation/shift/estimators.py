"""How often each label occurs among rows that nobody labelled, by what a model says about them.

Every estimator takes probabilities made under a known prior (that of the training rows) and
answers for many weightings of the rows at once, so that its own uncertainty can be drawn. All
assume label shift: rows of one label look alike in training and target, only their number differs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.metrics.judgement import Shares

MAX_ITERATIONS = 2000
TOLERANCE = 1e-5
"""EM stops when no weighting's shares move by more than this in total variation."""

_LEAST = 1e-12


@dataclass(frozen=True)
class Estimated:
    """What an estimator found.

    Attributes:
        shares: Shape: (labels, weightings).
        converged: Whether the estimate stood still at the end.
    """

    shares: Shares
    converged: bool = True


Estimator = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], Estimated]


def expectation_maximisation(
    probabilities: NDArray[np.float64],
    training_shares: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Estimated:
    """Find the shares under which the rows are likeliest (Saerens, Latinne & Decaestecker 2002).

    Each round re-weights the probabilities to the shares of the round before, and averages them.
    Where probabilities are not calibrated the rounds can run away to a single label.

    Args:
        probabilities: Under the training prior. Shape: (rows, labels).
        training_shares: The prior that the probabilities were made under. Shape: (labels,).
        weights: How often each row counts. Shape: (rows, weightings).

    Returns:
        The estimate; a label that training lacks has share 0.
    """
    known = training_shares > 0
    likelihood = probabilities[:, known] / training_shares[known]
    row_shares = weights / weights.sum(axis=0)
    shares = np.repeat(training_shares[known, None], weights.shape[1], axis=1)
    shares /= shares.sum(axis=0)
    for _ in range(MAX_ITERATIONS):
        evidence = np.maximum(likelihood @ shares, _LEAST)
        following = shares * (likelihood.T @ (row_shares / evidence))
        following /= following.sum(axis=0)
        moved = np.abs(following - shares).sum(axis=0).max() / 2
        shares = following
        if moved < TOLERANCE:
            break
    return Estimated(_spread(shares, known), converged=bool(moved < TOLERANCE))


def classify_and_count(
    probabilities: NDArray[np.float64],
    training_shares: NDArray[np.float64],  # noqa: ARG001 - every estimator is called alike
    weights: NDArray[np.float64],
) -> Estimated:
    """Count the predictions; what a model takes for each other is not corrected (Forman 2005)."""
    n_labels = probabilities.shape[1]
    predicted = np.eye(n_labels)[probabilities.argmax(axis=1)]
    counts = predicted.T @ weights
    return Estimated(counts / counts.sum(axis=0))


def _spread(shares: Shares, known: NDArray[np.bool_]) -> Shares:
    """Give the labels that training lacks a share of 0."""
    spread = np.zeros((len(known), shares.shape[1]))
    spread[known] = shares
    return spread


def total_variation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return half the sum of absolute differences of two distributions, from 0 to 1.

    >>> total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25]))
    0.25
    """
    return float(np.abs(first - second).sum() / 2)
