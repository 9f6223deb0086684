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

from klue_pipeline.relation.logits import require_usable_logits

_LEAST_LOG_PROBABILITY = -30.0
"""A label that a model rules out enters as this: minus infinity has no gradient."""

_RIDGE = 1e-4
"""Pulls towards no correction, for labels that no row has. Per row, as the log loss."""


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
    logits: NDArray[np.floating], gold_ids: NDArray[np.int64]
) -> BiasCorrection:
    """Fit temperature and biases by log loss; convex, so the optimum is the only one.

    Args:
        logits: Scores of rows that the model did not learn from. Shape: (rows, labels).
        gold_ids: Their true label ids. Shape: (rows,).

    Raises:
        ValueError: There is no row, a score is not a number or plus infinity, or a row has every
            label ruled out.
    """
    require_usable_logits(logits)
    bounded = _bounded(logits)
    wanted = np.eye(logits.shape[1])[gold_ids]
    # Rows are centred by softmax, so that scale and biases are all there is to move.
    neutral = np.concatenate([[1.0], np.zeros(logits.shape[1])])

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logarithms = log_softmax(bounded * values[0] + values[1:], axis=1)
        surplus = (np.exp(logarithms) - wanted) / len(wanted)
        away = values - neutral
        gradient = np.concatenate([[(surplus * bounded).sum()], surplus.sum(axis=0)])
        told = -logarithms[np.arange(len(wanted)), gold_ids].mean()
        return float(told + _RIDGE * away @ away / 2), gradient + _RIDGE * away

    bounds = [(0.05, 20.0)] + [(None, None)] * logits.shape[1]
    found = minimize(loss, neutral, jac=True, method="L-BFGS-B", bounds=bounds)
    return BiasCorrection(float(found.x[0]), np.asarray(found.x[1:]))


def _bounded(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    logarithms = log_softmax(logits.astype(np.float64), axis=1)
    return np.asarray(np.maximum(logarithms, _LEAST_LOG_PROBABILITY))
