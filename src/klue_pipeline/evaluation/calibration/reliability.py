"""How far a model's confidence can be believed: the reliability table and what it adds up to.

Reliability diagram and expected calibration error: Guo, Pleiss, Sun & Weinberger (2017), On
Calibration of Modern Neural Networks, ICML. What mends it is up to ``temperature``.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from klue_pipeline.evaluation.calibration.temperature import normalise_weights
from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.logits import require_label_ids

N_BINS = 15
"""Bins of the calibration error, as in the paper."""

_SUM_TOLERANCE = 1e-3


def reliability_table(
    probabilities: NDArray[np.floating],
    gold_ids: ArrayLike,
    n_bins: int = N_BINS,
    weights: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compare how sure a model is with how often it is right, by how sure it is.

    Args:
        probabilities: Rows sum to 1. Shape: (rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        n_bins: Bins of equal width from 0 to 1; a bin holds its upper end, not its lower one.
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Returns:
        One row per bin, lowest first: ``low`` and ``high``, ``rows``, ``share`` of all weight (0
        to 1), and from 0 to 100 ``mean_confidence`` (the best label's probability) and
        ``accuracy``; NaN in a bin without weight. ``low`` and ``high`` are from 0 to 100 too.

    Raises:
        ValueError: There is no row, rows are not probabilities, ``n_bins`` is not positive, or true
            labels or weights do not fit the rows.
    """
    gold = np.asarray(gold_ids)
    _require_probabilities(probabilities)
    require_label_ids(gold, probabilities)
    # Rounding may leave a probability a hair outside 0 to 1.
    confidence = np.clip(probabilities.max(axis=1), 0, 1)
    return tabulate_confidence(confidence, probabilities.argmax(axis=1) == gold, n_bins, weights)


def tabulate_confidence(
    confidence: ArrayLike,
    is_correct: ArrayLike,
    n_bins: int = N_BINS,
    weights: ArrayLike | None = None,
) -> pd.DataFrame:
    """As :func:`reliability_table`, for predictions of any kind that are right or wrong.

    Args:
        confidence: How sure the model is to be right, 0 to 1. Shape: (rows,).
        is_correct: Whether it is. Shape: (rows,).
        n_bins: As in :func:`reliability_table`.
        weights: As there.

    Returns:
        As there; ``mean_confidence`` is that of the prediction.

    Raises:
        ValueError: There is no row, a confidence is not within 0 to 1, ``n_bins`` is not positive,
            or the numbers of rows differ.
    """
    sure, correct = np.asarray(confidence, np.float64), np.asarray(is_correct, np.float64)
    _require_confidence(sure, correct)
    if n_bins < 1:
        raise ValueError(f"Found n_bins={n_bins}; at least 1 was wanted.")
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, n_bins - 1)
    row_shares = normalise_weights(weights, len(sure))

    def add_up(numbers: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.bincount(bins, numbers, n_bins).astype(np.float64)

    shares = add_up(row_shares)
    return pd.DataFrame(
        {
            "low": edges[:-1] * PERCENT,
            "high": edges[1:] * PERCENT,
            "rows": np.bincount(bins, minlength=n_bins),
            "share": shares,
            "mean_confidence": _percentage(add_up(row_shares * sure), shares),
            "accuracy": _percentage(add_up(row_shares * correct), shares),
        }
    )


def calibration_error(table: pd.DataFrame) -> float:
    """Return the mean gap between confidence and accuracy over the bins of a reliability table.

    Args:
        table: As :func:`reliability_table` returns it.

    Returns:
        From 0 to 100.
    """
    gaps = (table["accuracy"] - table["mean_confidence"]).abs()
    return float((table["share"] * gaps).sum())


def expected_calibration_error(
    probabilities: NDArray[np.floating],
    gold_ids: ArrayLike,
    n_bins: int = N_BINS,
    weights: ArrayLike | None = None,
) -> float:
    """Return by how much a model's confidence in its best label misses its accuracy, on average.

    Args:
        probabilities: Rows sum to 1. Shape: (rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        n_bins: Bins of equal width.
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Returns:
        The ECE of the paper, from 0 to 100.

    Raises:
        ValueError: As in :func:`reliability_table`.

    >>> expected_calibration_error(np.array([[0.8, 0.2], [0.8, 0.2]]), [0, 1])
    30.0
    """
    return calibration_error(reliability_table(probabilities, gold_ids, n_bins, weights))


def _require_probabilities(probabilities: NDArray[np.floating]) -> None:
    if not len(probabilities):
        raise ValueError("There are no rows to judge; at least one was wanted.")
    # A comparison with NaN is false, so that NaN is broken too.
    fine = (probabilities >= 0).all(axis=1) & (
        np.abs(probabilities.sum(axis=1) - 1) <= _SUM_TOLERANCE
    )
    if not fine.all():
        raise ValueError(
            f"{int((~fine).sum())} of {len(fine)} rows are not probabilities (0 or more, with a "
            "sum of 1); give probabilities, not logits."
        )


def _require_confidence(confidence: NDArray[np.float64], correct: NDArray[np.float64]) -> None:
    if confidence.shape != correct.shape or confidence.ndim != 1 or not len(confidence):
        raise ValueError(
            f"Found confidences and outcomes of shapes {confidence.shape} and {correct.shape}; one "
            "of each for every row, and at least one row, were wanted."
        )
    # A comparison with NaN is false, so that NaN is broken too.
    fine = (confidence >= 0) & (confidence <= 1)
    if not fine.all():
        raise ValueError(f"{int((~fine).sum())} of {len(fine)} confidences are not within 0 to 1.")


def _percentage(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.full(len(part), np.nan)
    np.divide(part * PERCENT, whole, out=shares, where=whole > 0)
    return shares
