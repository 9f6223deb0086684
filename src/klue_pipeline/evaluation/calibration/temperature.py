"""One number that mends most of what a model's confidence gets wrong.

Temperature scaling: Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks,
ICML. A temperature changes no prediction; it makes the probabilities of unlike models comparable,
which is why models are calibrated before they are blended.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from klue_pipeline.evaluation.logits import (
    LOG_ZERO,
    log_probabilities,
    read_weights,
    require_label_ids,
    require_usable_logits,
)
from klue_pipeline.evaluation.nesting import nested_parts
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores

logger = logging.getLogger(__name__)

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
"""What is searched. At the lower end a model is always right, so that any certainty pays; at the
upper one it knows nothing."""

_PRECISION = 1e-7
"""Of the temperature's logarithm; far finer than any number of rows tells temperatures apart."""

_NEVER_LIKELY = HIGHEST_TEMPERATURE * LOG_ZERO
"""A label this far below the best has probability 0 at every temperature that is searched."""

_VANISHED = -1000 * HIGHEST_TEMPERATURE
"""Stands for minus infinity, which times a probability of 0 would not be a number; its exponential
is exactly 0 in double precision at every temperature that is searched."""


def fit_temperature(
    logits: NDArray[np.floating], gold_ids: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Find the temperature under which the true labels are likeliest.

    The log loss of softmax(logits / T) is convex in 1 / T, so its slope has one zero at most. Rows
    whose true label is ruled out (minus infinity, or so low that its probability is 0 at every
    temperature) cost the same at any temperature and are left out; one of them would otherwise
    outweigh thousands of others.

    Args:
        logits: Scores before softmax; minus infinity for a label that is ruled out.
            Shape: (rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Returns:
        From :data:`LOWEST_TEMPERATURE` (always right: the surer the better) to
        :data:`HIGHEST_TEMPERATURE`; above 1 for an overconfident model, and exactly 1 where no
        temperature is better than another.

    Raises:
        ValueError: There is no row, a score is not a number, a row has no label left, or true
            labels or weights do not fit the rows.
    """
    gold = np.asarray(gold_ids)
    require_usable_logits(logits)
    require_label_ids(gold, logits)
    slope = _slope_of_loss(logits, gold, normalise_weights(weights, len(logits)))
    if slope(1.0) == 0:
        return 1.0
    if slope(1 / HIGHEST_TEMPERATURE) >= 0:
        return HIGHEST_TEMPERATURE
    if slope(1 / LOWEST_TEMPERATURE) <= 0:
        return LOWEST_TEMPERATURE
    ends = np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)
    zero = brentq(lambda log_temperature: slope(np.exp(-log_temperature)), *ends, xtol=_PRECISION)
    return float(np.exp(zero))


def _slope_of_loss(
    logits: NDArray[np.floating], gold: NDArray[np.int64], weights: NDArray[np.float64]
) -> Callable[[float], float]:
    """Return the derivative of the weighted log loss by 1 / T, as a function of 1 / T.

    It is the mean difference between the expected and the true label's score.
    """
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    of_gold = shifted[np.arange(len(gold)), gold]
    likely = of_gold > _NEVER_LIKELY
    shifted = np.maximum(shifted[likely], _VANISHED)
    of_gold, weights = of_gold[likely], weights[likely]
    exponentials = np.empty_like(shifted)

    def slope(inverse_temperature: float) -> float:
        np.multiply(shifted, inverse_temperature, out=exponentials)
        np.exp(exponentials, out=exponentials)
        expected = np.einsum("ij,ij->i", exponentials, shifted) / exponentials.sum(axis=1)
        return float(weights @ (expected - of_gold))

    return slope


def log_loss(
    logits: NDArray[np.floating], gold_ids: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Return the weighted mean negative log-probability of the true label, in nats.

    A true label that was ruled out costs 87.3, what single precision takes for probability 0, so
    that one such row does not make the loss infinite.

    Raises:
        ValueError: As in :func:`fit_temperature`.
    """
    gold = np.asarray(gold_ids)
    require_usable_logits(logits)
    require_label_ids(gold, logits)
    of_gold = log_probabilities(logits)[np.arange(len(gold)), gold]
    return float(-normalise_weights(weights, len(logits)) @ of_gold)


def apply_temperature(scores: ScoreTable, temperature: float) -> ScoreTable:
    """Divide all scores by a temperature; predictions stay what they are.

    Raises:
        ValueError: The temperature is not a positive number.
    """
    _require_temperature(temperature)
    return replace(scores, logits=scores.logits / np.float32(temperature))


def cross_fitted_temperatures(scores: LabelledScores) -> dict[int, float | None]:
    """Fit each fold's temperature on the rows that it does not hold out.

    A temperature judged on the rows it was fitted on looks better than it is; one of these does
    not, because a fold's rows are scaled by what the others said.

    Args:
        scores: Out-of-fold scores.

    Returns:
        A temperature by fold; None for a fold outside which no row was scored, as with a single
        hold-out (a warning says so).

    Raises:
        ValueError: The scores have no folds, or as in :func:`fit_temperature`.
    """
    logits, truth = scores.table.logits, scores.truth
    found: dict[int, float | None] = {}
    for part in nested_parts(scores.table):
        rows = part.others
        found[part.fold] = fit_temperature(logits[rows], truth[rows]) if rows.any() else None
    if None in found.values():
        logger.warning(
            "No rows but its own were scored for %d of %d folds, so that nothing can calibrate "
            "them honestly; they are left as they are. Train more folds.",
            list(found.values()).count(None),
            len(found),
        )
    return found


def apply_fold_temperatures(
    scores: ScoreTable, temperatures: Mapping[int, float | None]
) -> ScoreTable:
    """Divide the scores of each fold by its own temperature; None leaves a fold as it is.

    Args:
        scores: Out-of-fold scores.
        temperatures: A temperature by fold, by :func:`cross_fitted_temperatures`.

    Raises:
        ValueError: The scores have no folds, a fold has no entry, or a temperature is not a
            positive number.
    """
    divisors = np.ones((len(scores), 1), dtype=np.float32)
    for part in nested_parts(scores):
        if part.fold not in temperatures:
            raise ValueError(
                f"Found temperatures of folds {sorted(temperatures)}; rows of fold {part.fold} "
                "were scored. Fit them on these scores."
            )
        temperature = temperatures[part.fold]
        if temperature is not None:
            _require_temperature(temperature)
            divisors[part.held_out] = temperature
    return replace(scores, logits=scores.logits / divisors)


def normalise_weights(weights: ArrayLike | None, n_rows: int) -> NDArray[np.float64]:
    """Return each row's share of all weight, equal shares for None. Shape: (rows,).

    Raises:
        ValueError: The weights do not fit the rows, one is negative or not finite, or all are 0.
    """
    found = read_weights(weights, n_rows)
    return np.asarray(found / found.sum())


def _require_temperature(temperature: float) -> None:
    if not 0 < temperature < np.inf:
        raise ValueError(f"Found temperature {temperature}; a positive number was wanted.")
