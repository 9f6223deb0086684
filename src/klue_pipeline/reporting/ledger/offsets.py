"""How far the contest's scores were from what was predicted for the files that were submitted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from klue_pipeline.reporting.ledger.table import PRIORS, predicted_columns, public_column


@dataclass(frozen=True)
class Forecast:
    """One score of a file: what was predicted, and what came out; None where nobody knows."""

    predicted: float | None
    low: float | None
    high: float | None
    actual: float | None

    @classmethod
    def read(cls, row: Mapping[Any, Any], score: str) -> "Forecast":
        """Take the numbers of a score out of a row of the ledger."""
        values = [row[name] for name in (*predicted_columns(score), public_column(score))]
        return cls(*(None if math.isnan(value) else float(value) for value in values))

    @property
    def difference(self) -> float | None:
        """Actual minus predicted score."""
        if self.predicted is None or self.actual is None:
            return None
        return self.actual - self.predicted

    @property
    def is_inside(self) -> bool | None:
        """Whether the interval, ends included, holds the actual score."""
        if self.low is None or self.high is None or self.actual is None:
            return None
        return self.low <= self.actual <= self.high


@dataclass(frozen=True)
class Offset:
    """Actual minus predicted values of one score, over the files predicted for one prior.

    Attributes:
        count: How many files have both.
        mean: Points on the scale of 0 to 100; below 0 where the predictions were too high.
        spread: Standard deviation of one file's difference, in points; None for a single file.
        n_intervals: How many of the files have an interval.
        n_contained: How many of these intervals hold the actual score.
    """

    count: int
    mean: float
    spread: float | None
    n_intervals: int
    n_contained: int


def measure_offsets(ledger: pd.DataFrame, score: str) -> dict[str, Offset]:
    """Compare predictions with what came out, for each prior apart.

    A score for the training rows' prior is off by as much as the priors differ, so that an
    average over both kinds would be right for neither.

    Args:
        ledger: The ledger, checked.
        score: The name of a published score.

    Returns:
        By prior; only priors of which a file has both scores.
    """
    forecasts: dict[str, list[Forecast]] = {prior: [] for prior in PRIORS}
    for row in ledger[ledger["prior"].isin(PRIORS)].to_dict("records"):
        forecasts[row["prior"]].append(Forecast.read(row, score))
    measured = {prior: _measure(found) for prior, found in forecasts.items()}
    return {prior: offset for prior, offset in measured.items() if offset is not None}


def _measure(forecasts: Sequence[Forecast]) -> Offset | None:
    known = [forecast for forecast in forecasts if forecast.difference is not None]
    differences = [forecast.difference for forecast in known if forecast.difference is not None]
    if not differences:
        return None
    return Offset(
        count=len(differences),
        mean=fmean(differences),
        spread=stdev(differences) if len(differences) > 1 else None,
        n_intervals=sum(forecast.is_inside is not None for forecast in known),
        n_contained=sum(forecast.is_inside is True for forecast in known),
    )
