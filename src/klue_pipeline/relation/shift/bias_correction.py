"""Probabilities whose mean agrees with the shares of labels: what EM needs to be consistent.

Temperature alone leaves a model too fond of some labels, and EM amplifies that until few are left.
Bias-corrected temperature scaling adds one bias per label (Alexandari, Kundaje & Shrikumar 2020,
"Maximum Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.shift.weights import label_shares

_LEAST_LOG_PROBABILITY = -30.0
"""A label that a model rules out enters as this: minus infinity has no gradient."""

_RIDGE = 1e-4
"""Pulls towards no correction, for labels that no row has. Per row, as the log loss."""

_INVERSE_TEMPERATURES = (0.05, 20.0)
"""What is searched, as by :mod:`klue_pipeline.evaluation.calibration.temperature`."""


@dataclass(frozen=True)
class BiasCorrection:
    """Softens all logarithms alike, and shifts those of each label.

    Attributes:
        inverse_temperature: Above 0; below 1 softens.
        biases: What is added to the logarithm of each label. Shape: (labels,).
    """

    inverse_temperature: float
    biases: NDArray[np.float64]

    def __call__(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return calibrated probabilities. Shape: (rows, labels)."""
        scaled = _bounded(logits) * self.inverse_temperature + self.biases
        return np.asarray(softmax(scaled, axis=1))


def fit_bias_correction(
    logits: NDArray[np.floating],
    gold_ids: NDArray[np.int64],
    start: BiasCorrection | None = None,
) -> BiasCorrection:
    """Fit temperature and biases by log loss; convex, so the optimum is the only one.

    Args:
        logits: Scores of rows that the model did not learn from. Shape: (rows, labels).
        gold_ids: Their true label ids. Shape: (rows,).
        start: Where to begin, such as what was fitted on nearly the same rows; it saves time.

    Raises:
        ValueError: There is no row, a score is not a number or plus infinity, or a row has every
            label ruled out.
    """
    require_usable_logits(logits)
    loss = _Loss.over(logits, gold_ids)
    first = np.zeros(logits.shape[1] + 1) if start is None else loss.values_of(start)
    lowest, highest = (limit - 1 for limit in _INVERSE_TEMPERATURES)
    bounds = [(lowest, highest)] + [(None, None)] * logits.shape[1]
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds)
    return loss.correction_at(np.asarray(found.x))


def fit_negative_bias(scores: LabelledScores, weights: NDArray[np.float64]) -> BiasCorrection:
    """Fit a temperature and a bias of the negative label, on weighted rows.

    Rows weighed to a target are too few to fit a bias for every label.

    Args:
        scores: Of rows that the model did not learn from; where no label is negative, only the
            temperature is fitted.
        weights: How much each row counts. Shape: (rows,).

    Raises:
        ValueError: As in :func:`fit_bias_correction`.
    """
    logits, gold_ids = scores.table.logits, scores.truth
    require_usable_logits(logits)
    bounded, rows = _bounded(logits), np.arange(len(gold_ids))
    is_negative = np.zeros(logits.shape[1])
    if scores.negative_id is not None:
        is_negative[scores.negative_id] = 1
    row_shares = weights / weights.sum()

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scaled = log_softmax(bounded * values[0] + values[1] * is_negative, axis=1)
        surplus = np.exp(scaled)
        surplus[rows, gold_ids] -= 1
        surplus *= row_shares[:, None]
        gradient = np.array([np.vdot(surplus, bounded), (surplus @ is_negative).sum()])
        away = values - [1, 0]
        value = -(row_shares @ scaled[rows, gold_ids]) + _RIDGE * away @ away / 2
        return float(value), gradient + _RIDGE * away

    bounds = [_INVERSE_TEMPERATURES, (None, None)]
    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return BiasCorrection(float(found[0]), found[1] * is_negative)


@dataclass(frozen=True)
class _Loss:
    """The mean log loss of a correction, with a ridge, as a function of what is searched.

    That is by how much the inverse temperature exceeds 1, and the biases. A bias of a rare label
    has to move far to change anything, so biases are searched in units of their own.

    Attributes:
        bounded: Logarithms of probabilities, labels down: sums over them are then quick.
            Shape: (labels, rows).
        gold_ids: True label ids. Shape: (rows,).
        units: What a searched number is divided by to be a bias. Shape: (labels,).
        room: Where each evaluation works. Shape: (labels, rows).
    """

    bounded: NDArray[np.float64]
    gold_ids: NDArray[np.int64]
    units: NDArray[np.float64]
    room: NDArray[np.float64]

    @classmethod
    def over(cls, logits: NDArray[np.floating], gold_ids: NDArray[np.int64]) -> "_Loss":
        """Prepare the loss over some rows."""
        bounded = np.ascontiguousarray(_bounded(logits).T)
        shares = label_shares(gold_ids, len(bounded))
        units = np.sqrt(shares * (1 - shares) + _RIDGE)  # of the curvature along each bias
        return cls(bounded, gold_ids, units, np.empty_like(bounded))

    def __call__(self, values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the loss and its gradient."""
        correction = self.correction_at(values)
        probabilities, of_gold = self._soften(correction)
        n_rows, n_labels = len(self.gold_ids), len(self.bounded)
        rows = np.arange(n_rows)
        surplus = probabilities.sum(axis=1) - np.bincount(self.gold_ids, minlength=n_labels)
        by_slope = np.vdot(probabilities, self.bounded) - self.bounded[self.gold_ids, rows].sum()
        away = np.append(values[0], correction.biases)
        gradient = np.append(by_slope, surplus) / n_rows + _RIDGE * away
        gradient[1:] /= self.units
        return float(-of_gold.mean() + _RIDGE * away @ away / 2), gradient

    def _soften(self, correction: BiasCorrection) -> tuple[NDArray[np.float64], ...]:
        """Return all probabilities, and the logarithms of those of the true labels."""
        room = np.multiply(self.bounded, correction.inverse_temperature, out=self.room)
        room += correction.biases[:, None]
        room -= room.max(axis=0)
        of_gold = room[self.gold_ids, np.arange(len(self.gold_ids))]
        totals = np.exp(room, out=room).sum(axis=0)
        room /= totals
        return room, of_gold - np.log(totals)

    def correction_at(self, values: NDArray[np.float64]) -> BiasCorrection:
        """Return the correction that searched numbers stand for."""
        return BiasCorrection(float(values[0]) + 1, values[1:] / self.units)

    def values_of(self, correction: BiasCorrection) -> NDArray[np.float64]:
        """Return the numbers that stand for a correction."""
        return np.append(correction.inverse_temperature - 1, correction.biases * self.units)


def _bounded(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    logarithms = log_softmax(logits.astype(np.float64), axis=1)
    return np.asarray(np.maximum(logarithms, _LEAST_LOG_PROBABILITY))
