"""How much each retriever counts: weights that find gold passages of training questions best."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.fusion.pooled_runs import PooledRuns

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MOST_POINTS = 300
_FINEST = 20
"""Weights are multiples of a twentieth, of larger parts where many runs would give too many."""


@dataclass(frozen=True)
class FittedWeights:
    """Weights and what they were fitted on.

    Attributes:
        weights: One for each run; their sum is 1. Shape: (runs,).
        mrr: Mean reciprocal rank of the gold passages with these weights, 0 to 1.
        equal_mrr: The same with equal weights.
        single_mrr: The same with one run alone. Shape: (runs,).
        n_points: How many weights were tried.
    """

    weights: Floats
    mrr: float
    equal_mrr: float
    single_mrr: Floats
    n_points: int


def fit_weights(pool: PooledRuns, values: Floats, is_gold: Mask, n_questions: int) -> FittedWeights:
    """Try all weights of a grid and take those with the highest mean reciprocal rank.

    Of equally good ones those win that are nearest to equal weights.

    Args:
        pool: Training questions alone.
        values: Comparable scores. Shape: (rows, runs).
        is_gold: Whether a row is a gold passage of its question. Shape: (rows,).
        n_questions: Training questions with a gold passage, found or not.
    """
    n_runs = values.shape[1]
    points = spread_weights(n_runs)
    is_kept = _can_matter(pool, values, is_gold)
    question = np.repeat(np.arange(len(pool.starts)), pool.lengths)[is_kept]
    values, is_gold = values[is_kept], is_gold[is_kept]

    def judge(weights: Floats) -> float:
        return _sum_of_reciprocal_ranks(values @ weights, is_gold, question) / n_questions

    reached = np.array([judge(weights) for weights in points])
    best = int(np.argmax(np.round(reached, 12)))
    single = np.array([judge(weights) for weights in np.eye(n_runs)])
    equal = judge(np.full(n_runs, 1 / n_runs))
    return FittedWeights(points[best], float(reached[best]), equal, single, len(points))


def spread_weights(n_runs: int) -> Floats:
    """Return weights that lie evenly on the simplex, those nearest to equal ones first.

    Returns:
        Each row sums to 1. Shape: (points, runs).
    """
    points = np.array(list(_simplex(_divisions(n_runs), n_runs)), dtype=float)
    points /= points.sum(axis=1, keepdims=True)
    return points[np.argsort(((points - 1 / n_runs) ** 2).sum(axis=1), kind="stable")]


def _can_matter(pool: PooledRuns, values: Floats, is_gold: Mask) -> Mask:
    """Find the rows that may come before a gold passage: earlier ones, and those higher in a run.

    The others come after it with any weights; they are most rows, and need not be weighed.
    """
    row = np.arange(len(values))
    first = np.minimum.reduceat(np.where(is_gold, row, len(values)), pool.starts)
    has_gold = first < len(values)
    is_higher = (values > pool.spread(values[np.where(has_gold, first, 0)])).any(axis=1)
    is_earlier = row <= np.repeat(first, pool.lengths)
    return np.repeat(has_gold, pool.lengths) & (is_gold | is_higher | is_earlier)


def _divisions(n_runs: int) -> int:
    sizes = range(_FINEST, 0, -1)
    return next((n for n in sizes if comb(n + n_runs - 1, n_runs - 1) <= _MOST_POINTS), 1)


def _simplex(total: int, n_runs: int) -> Iterator[tuple[int, ...]]:
    """Yield all ways to share ``total`` among runs.

    >>> list(_simplex(2, 2))
    [(0, 2), (1, 1), (2, 0)]
    """
    if n_runs == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for others in _simplex(total - first, n_runs - 1):
            yield (first, *others)


def _sum_of_reciprocal_ranks(scores: Floats, is_gold: Mask, question: NDArray[np.int64]) -> float:
    """Add up 1 / rank of each question's best gold passage; equal scores rank in order of rows."""
    starts = np.flatnonzero(np.diff(question, prepend=-1))
    lengths = np.diff(starts, append=len(scores))
    row = np.arange(len(scores))
    best = np.repeat(np.maximum.reduceat(np.where(is_gold, scores, -np.inf), starts), lengths)
    is_best = is_gold & (scores == best)
    place = np.minimum.reduceat(np.where(is_best, row, len(row)), starts)
    is_before = (scores > best) | ((scores == best) & (row < np.repeat(place, lengths)))
    ranks = 1 + np.add.reduceat(is_before.astype(int), starts)
    return float((1 / ranks).sum())
