"""Scores with intervals by bootstrap: how rows are drawn, and how models compare on the draws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable

_CHUNK_WEIGHTS = 2_000_000
"""Weights held at a time; 8 MB, and as much again for each sum over them."""

PERCENT = 100.0

Name = TypeVar("Name", bound=str)

Draws = dict[str, NDArray[np.floating]]
"""Each score in every draw. Shape of each: (draws,)."""


@dataclass(frozen=True)
class Estimate:
    """A score and how far it may be from the truth.

    Attributes:
        value: On KLUE's scale, 0 to 100.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Interval:
    """A difference of two scores and how far it may be from the truth.

    Attributes:
        difference: Score of the first model minus that of the second, on KLUE's scale (-100 to
            100).
        low: Lower end of the interval.
        high: Upper end.
    """

    difference: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval is on one side of zero."""
        return self.low > 0 or self.high < 0


def draw_weights(scores: ScoreTable, n_resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Draw sentences with replacement, some draws at a time.

    A sentence that several folds held out is drawn with all its rows: they are no independent
    evidence.

    Args:
        scores: The rows to draw from.
        n_resamples: How many draws.
        seed: Makes them; the same seed and rows give the same draws.

    Yields:
        As :func:`draw_units`.
    """
    yield from draw_units(scores.row_ids, n_resamples, seed)


def draw_units(
    unit_of_row: NDArray[Any], n_resamples: int, seed: int
) -> Iterator[NDArray[np.float32]]:
    """Draw pieces of evidence with replacement, each with all its rows, some draws at a time.

    Args:
        unit_of_row: Which piece of evidence a row belongs to. Shape: (rows,).
        n_resamples: How many draws.
        seed: Makes them; the same seed and units give the same draws.

    Yields:
        How often each draw has each row: whole numbers, in single precision, which holds them
        exactly at half the size. Shape: (rows, draws of this part).
    """
    unit, unit_ids = pd.factorize(unit_of_row)
    generator, n_units = np.random.default_rng(seed), len(unit_ids)
    size = max(1, _CHUNK_WEIGHTS // len(unit))
    for first in range(0, n_resamples, size):
        drawn = np.empty((min(size, n_resamples - first), n_units), dtype=np.float32)
        for place in range(len(drawn)):
            chosen = generator.integers(n_units, size=n_units)
            drawn[place] = np.bincount(chosen, minlength=n_units)
        # Taking every row once would only copy them.
        by_row = drawn[:, unit] if len(unit) > n_units else drawn
        yield np.ascontiguousarray(by_row.T)


def interval_ends(
    draws: NDArray[np.floating], value: float, confidence: float
) -> tuple[float, float]:
    """Return the quantiles of draws, moved so that their mean is the value.

    Rows that a draw repeats share their rank, which raises the AUPRC of a label with few rows; that
    is a property of the draws and not of the model.

    Args:
        draws: A score, or a difference of two, in every draw. Shape: (draws,).
        value: The score itself.
        confidence: Share of the draws inside.
    """
    outside = (1 - confidence) / 2
    low, high = np.quantile(draws, [outside, 1 - outside]) + (value - draws.mean())
    return float(low), float(high)


@dataclass(frozen=True)
class Judgement:
    """The scores of one model.

    Attributes:
        scores: ``micro_f1``, ``auprc`` and ``accuracy`` (0 to 100) of the scored rows, and with
            ``shift_`` before them what to expect of the target population, if it is known.
        draws: Each score in every draw. Shape of each: (draws,).
        confidence: Share of the draws inside an interval.
    """

    scores: dict[str, float]
    draws: Draws
    confidence: float

    def estimate(self, name: str) -> Estimate:
        """Return a score with its interval."""
        ends = interval_ends(self.draws[name], self.scores[name], self.confidence)
        low, high = np.clip(ends, 0, PERCENT).tolist()
        return Estimate(self.scores[name], low, high)

    def estimates(self) -> dict[str, Estimate]:
        """Return every score with its interval."""
        return {name: self.estimate(name) for name in self.scores}

    def minus(self, other: "Judgement", name: str) -> Interval:
        """Return by how much a score is higher than another model's on the same draws."""
        difference = self.scores[name] - other.scores[name]
        draws = self.draws[name] - other.draws[name]
        return Interval(difference, *interval_ends(draws, difference, self.confidence))

    def chance_to_beat(self, other: "Judgement", name: str) -> float:
        """Return the share of draws in which a score is higher than another model's, 0 to 1."""
        return float((self.draws[name] > other.draws[name]).mean())


def best_first(scores: Mapping[Name, float]) -> list[Name]:
    """Rank names by their scores, highest first; equally good ones stay in their order.

    >>> best_first({"a": 70.0, "b": 80.0, "c": 80.0})
    ['b', 'c', 'a']
    """
    return sorted(scores, key=lambda name: -scores[name])
