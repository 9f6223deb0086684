"""What every way of blending is given, and what it gives back.

A method is fitted on what its members say about rows that none of them trained on, and returns a
function from what they say about any rows to probabilities. Copy ``soft_vote.py`` to add one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.settings.params import EnsembleParams

Said = NDArray[np.float32]
"""Logarithms of each member's probabilities, all finite. Shape: (members, rows, labels)."""

Probabilities = NDArray[np.floating]
"""Rows sum to 1. Shape: (rows, labels)."""


@dataclass(frozen=True)
class TuningRows:
    """Rows that a blend may be fitted on: each scored by models that did not train on it.

    Attributes:
        said: What the members say. Shape: (members, rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        weights: How much each row counts where the blend is judged, with mean 1. Shape: (rows,).
    """

    said: Said
    gold_ids: NDArray[np.int64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Blend:
    """A fitted way of blending.

    Attributes:
        apply: From what the members say about any rows to probabilities.
        weights: How much each member counts, summing to 1; None where that is not one number.
            Shape: (members,).
    """

    apply: Callable[[Said], Probabilities]
    weights: NDArray[np.float64] | None = None


Method = Callable[[TuningRows, Objective, EnsembleParams], Blend]


def equal_weights(n_members: int) -> NDArray[np.float64]:
    """Return the same weight for every member. Shape: (members,)."""
    return np.full(n_members, 1 / n_members)


def weighted_mean(said: Said, weights: NDArray[np.floating]) -> Probabilities:
    """Average the members' probabilities. Shape: (rows, labels).

    Members without weight are not looked at, so that a blend of few out of many is quick.
    """
    total = np.zeros(said.shape[1:], dtype=np.float32)
    for own, weight in zip(said, weights, strict=True):
        if weight:
            total += np.float32(weight) * np.exp(own)
    return np.asarray(total / total.sum(axis=1, keepdims=True))
