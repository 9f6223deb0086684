"""Scores of different retrievers made comparable, question by question and run by run."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.fusion.pooled_runs import PooledRuns

Floats = NDArray[np.float64]


def min_max(pool: PooledRuns) -> Floats:
    """Bring a run's scores of a question to 0 for its worst passage and 1 for its best.

    A passage that the run did not find counts as its worst; where all have one score, that is 1.

    Returns:
        Shape: (rows, runs).
    """
    lowest, highest = _reduce(pool, np.fmin), _reduce(pool, np.fmax)
    width = highest - lowest
    moved = pool.scores - pool.spread(np.where(width > 0, lowest, lowest - 1))
    return np.nan_to_num(moved / pool.spread(np.where(width > 0, width, 1.0)))


def z_score(pool: PooledRuns) -> Floats:
    """Bring a run's scores of a question to mean 0 and standard deviation 1.

    A passage that the run did not find counts as its worst.

    Returns:
        Shape: (rows, runs).
    """
    count = np.maximum(_sum(pool, ~np.isnan(pool.scores)), 1)
    centred = pool.scores - pool.spread(_sum(pool, np.nan_to_num(pool.scores)) / count)
    deviation = np.sqrt(_sum(pool, np.nan_to_num(centred) ** 2) / count)
    lowest = pool.spread(_reduce(pool, np.fmin, centred))
    filled = np.nan_to_num(np.where(np.isnan(centred), lowest, centred))
    return filled / pool.spread(np.where(deviation > 0, deviation, 1.0))


def _reduce(pool: PooledRuns, function: np.ufunc, values: Floats | None = None) -> Floats:
    values = pool.scores if values is None else values
    reduced: Floats = function.reduceat(values, pool.starts, axis=0)
    return reduced


def _sum(pool: PooledRuns, values: NDArray[np.float64] | NDArray[np.bool_]) -> Floats:
    summed: Floats = np.add.reduceat(values.astype(float), pool.starts, axis=0)
    return summed


NORMALISERS: dict[Literal["min_max", "z_score"], Callable[[PooledRuns], Floats]] = {
    "min_max": min_max,
    "z_score": z_score,
}
"""Every way by its name in the settings."""
