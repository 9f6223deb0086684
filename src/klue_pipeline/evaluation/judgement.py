"""What a judgement of scores holds: the scores, and how they came out in every draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT, Estimate, Interval, interval_ends

Draws = dict[str, NDArray[np.floating]]


@dataclass(frozen=True)
class Judgement:
    """The scores of one model.

    Attributes:
        values: ``micro_f1``, ``auprc`` and ``accuracy`` (0 to 100) of the scored rows, and with
            ``shift_`` before them what to expect of the target, if there is one.
        draws: Each score in every draw. Shape of each: (draws,).
        confidence: Share of the draws inside an interval.
    """

    values: dict[str, float]
    draws: Draws
    confidence: float

    def estimate(self, name: str) -> Estimate:
        """Return a score with its interval."""
        ends = interval_ends(self.draws[name], self.values[name], self.confidence)
        low, high = np.clip(ends, 0, PERCENT).tolist()
        return Estimate(self.values[name], low, high)

    def estimates(self) -> dict[str, Estimate]:
        """Return every score with its interval."""
        return {name: self.estimate(name) for name in self.values}

    def minus(self, other: "Judgement", name: str) -> Interval:
        """Return by how much a score is higher than another model's on the same draws."""
        difference = self.values[name] - other.values[name]
        draws = self.draws[name] - other.draws[name]
        return Interval(difference, *interval_ends(draws, difference, self.confidence))

    def chance_to_beat(self, other: "Judgement", name: str) -> float:
        """Return the share of draws in which a score is higher than another model's, 0 to 1."""
        return float((self.draws[name] > other.draws[name]).mean())
