"""What every way of blending is given (rows and the score to raise), and what it gives back.

A method is fitted on what its members say about rows that none of them trained on, and returns a
function from what they say about any rows to probabilities. Copy ``soft_vote`` in ``votes.py`` to
add one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.metrics.klue import accuracy, auprc, micro_f1
from klue_pipeline.relation.settings.evaluation_params import SHIFT, ScoreName
from klue_pipeline.relation.settings.params import EnsembleParams

LogProbabilities = NDArray[np.float32]
"""Logarithms of each member's probabilities, all finite. Shape: (members, rows, labels)."""

Probabilities = NDArray[np.floating]
"""Rows sum to 1. Shape: (rows, labels)."""


@dataclass(frozen=True)
class TuningRows:
    """Rows that a blend may be fitted on: each scored by models that did not train on it.

    Attributes:
        log_probabilities: What the members say. Shape: (members, rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        weights: How much each row counts where the blend is judged, with mean 1. Shape: (rows,).
    """

    log_probabilities: LogProbabilities
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

    apply: Callable[[LogProbabilities], Probabilities]
    weights: NDArray[np.float64] | None = None


_Score = Callable[
    [NDArray[np.floating], NDArray[np.int64], NDArray[np.float64] | None, int | None], float
]


@dataclass(frozen=True)
class Objective:
    """The score that a blend has to raise.

    Attributes:
        name: Which one; with ``shift_`` before it, rows count by their weights.
        negative_id: Id of the label that means no relation, or None.
    """

    name: ScoreName
    negative_id: int | None

    @property
    def is_shift_aware(self) -> bool:
        """Whether rows count by their weights."""
        return self.name.startswith(SHIFT)

    def __call__(
        self,
        probabilities: NDArray[np.floating],
        gold_ids: NDArray[np.int64],
        weights: NDArray[np.float64],
    ) -> float:
        """Return the score of probabilities, 0 to 100.

        Args:
            probabilities: Need not sum to 1: only their order counts, within a row and (for AUPRC)
                within a label. Shape: (rows, labels).
            gold_ids: True label ids. Shape: (rows,).
            weights: How much each row counts, if the score is shift-aware. Shape: (rows,).
        """
        score = _SCORES[self.name.removeprefix(SHIFT)]
        counted = weights if self.is_shift_aware else None
        return score(probabilities, gold_ids, counted, self.negative_id)


_SCORES: dict[str, _Score] = {
    "micro_f1": lambda scores, gold, weights, negative: micro_f1(
        gold, scores.argmax(axis=1), negative, weights
    ),
    "auprc": lambda scores, gold, weights, _: auprc(gold, scores, weights),
    "accuracy": lambda scores, gold, weights, _: accuracy(gold, scores.argmax(axis=1), weights),
}

Method = Callable[[TuningRows, Objective, EnsembleParams], Blend]


def equal_weights(n_members: int) -> NDArray[np.float64]:
    """Return the same weight for every member. Shape: (members,)."""
    return np.full(n_members, 1 / n_members)


def weighted_mean(
    log_probabilities: LogProbabilities, weights: NDArray[np.floating]
) -> Probabilities:
    """Average the members' probabilities. Shape: (rows, labels).

    Members without weight are not looked at, so that a blend of few out of many is quick.
    """
    total = np.zeros(log_probabilities.shape[1:], dtype=np.float32)
    for member, weight in zip(log_probabilities, weights, strict=True):
        if weight:
            total += np.float32(weight) * np.exp(member)
    return np.asarray(total / total.sum(axis=1, keepdims=True))
