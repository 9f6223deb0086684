"""What a blend is chosen by: one score, plain or re-weighted to the target."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.metrics.klue import accuracy, auprc, micro_f1
from klue_pipeline.relation.settings.evaluation_params import SHIFT, ScoreName

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
    "micro_f1": lambda told, gold, weights, negative: micro_f1(
        gold, told.argmax(axis=1), negative, weights
    ),
    "auprc": lambda told, gold, weights, _: auprc(gold, told, weights),
    "accuracy": lambda told, gold, weights, _: accuracy(gold, told.argmax(axis=1), weights),
}
