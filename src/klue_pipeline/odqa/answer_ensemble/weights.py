"""How much each member's probabilities count: weights with which most is right."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.answer_ensemble.ballots import Ballots, Floats, Mask
from klue_pipeline.odqa.answer_ensemble.methods import add_probabilities, choose_best
from klue_pipeline.odqa.fusion.weights import spread_weights

_MOST_PARTS = 10
_DECIMALS = 9


def equal_weights(n_members: int) -> Floats:
    """Return weights that are all the same. Shape: (members,)."""
    return np.full(n_members, 1 / n_members)


@dataclass(frozen=True, eq=False)
class WeightGrid:
    """Weights that may be chosen, and what is answered with each.

    Attributes:
        points: The weights, those nearest to equal ones first. Shape: (points, members).
        best: The candidate that each of them makes the answer. Shape: (points, questions).
        reached: How right that is, 0 to 1. Shape: (points, questions).
    """

    points: Floats
    best: NDArray[np.int64]
    reached: Floats

    @classmethod
    def of(cls, ballots: Ballots, outcomes: Floats) -> "WeightGrid":
        """Answer all questions with all weights.

        Args:
            ballots: What members say.
            outcomes: How right each candidate is, with a last one for no answer.
                Shape: (candidates + 1,).
        """
        n_members = len(ballots.members)
        points = np.vstack([equal_weights(n_members), spread_weights(n_members)])
        keys = (add_probabilities(ballots, weights, "longer") for weights in points)
        best = np.array([choose_best(ballots, own) for own in keys])
        return cls(points, best, outcomes[best])

    def fit(self, questions: Mask) -> int:
        """Return the place of the weights that are right most often about some questions.

        Of equally good ones those win that are nearest to equal weights.
        """
        return int(np.argmax(np.round(self.reached[:, questions].sum(axis=1), _DECIMALS)))

    def nest(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Answer each question with weights that were fitted on questions of other units.

        Args:
            units: What must stay together. Shape: (questions,).

        Returns:
            A candidate for each question; where one unit is all that there is, that of equal
            weights. Shape: (questions,).
        """
        nested: NDArray[np.int64] = self.best[0].copy()
        for held_out in split_by_unit(units):
            nested[held_out] = self.best[self.fit(~held_out), held_out]
        return nested


def split_by_unit(units: NDArray[np.int64]) -> Iterator[Mask]:
    """Share rows among parts so that no unit is in two of them.

    Args:
        units: What must stay together. Shape: (rows,).

    Yields:
        Which rows belong to a part; nothing where one unit is all that there is. Shape: (rows,).
    """
    from sklearn.model_selection import GroupKFold

    n_parts = min(_MOST_PARTS, len(np.unique(units)))
    if n_parts <= 1:
        return
    for _, held_out in GroupKFold(n_parts).split(units, groups=units):
        yield np.isin(np.arange(len(units)), held_out)
