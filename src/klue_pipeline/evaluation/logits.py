"""What scores may hold: any real number, and minus infinity for a label that is ruled out.

A label is ruled out where a decoding option or a head knows that it cannot be. Its probability is
then exactly 0, which no large negative number promises once scores are scaled or averaged.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax

LOG_ZERO = float(np.log(np.finfo(np.float32).tiny))
"""Logarithm that stands for probability 0, about -87.3: the least that single precision tells from
it. A finite one, so that a row whose true label was ruled out is a bad row and not an infinite
loss; the same wherever probabilities are averaged."""


def log_probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logarithms of the softmax, none below :data:`LOG_ZERO`.

    Args:
        logits: Scores before softmax, checked. Shape: (rows, labels).

    >>> log_probabilities(np.array([[0.0, 0.0, -np.inf]])).round(1).tolist()
    [[-0.7, -0.7, -87.3]]
    """
    return np.asarray(np.maximum(log_softmax(logits.astype(np.float64), axis=1), LOG_ZERO))


def require_usable_logits(logits: NDArray[np.floating]) -> None:
    """Refuse scores that have no probabilities.

    Raises:
        ValueError: There is no row, a score is not a number or plus infinity, or a row has every
            label ruled out.
    """
    if not len(logits):
        raise ValueError("There are no scored rows; at least one was wanted.")
    # The maximum of a row is NaN if one of its scores is, and minus infinity if all of them are.
    broken = int((~np.isfinite(logits.max(axis=1))).sum())
    if broken:
        raise ValueError(
            f"{broken} of {len(logits)} rows have scores that are not numbers, or no label that is "
            "not ruled out; the training diverged: lower training.learning_rate, or set "
            "training.precision to fp32."
        )


def require_label_ids(gold_ids: NDArray[np.int64], logits: NDArray[np.floating]) -> None:
    """Refuse true labels that do not fit the scores.

    Raises:
        ValueError: The numbers of rows differ, or a label id has no column.
    """
    if gold_ids.shape != (len(logits),):
        raise ValueError(f"Found {gold_ids.shape} true label ids for {len(logits)} scored rows.")
    if len(gold_ids) and not 0 <= gold_ids.min() <= gold_ids.max() < logits.shape[1]:
        raise ValueError(
            f"True label ids run from {gold_ids.min()} to {gold_ids.max()}; the scores have "
            f"columns for 0 to {logits.shape[1] - 1}."
        )


def read_weights(weights: ArrayLike | None, n_rows: int) -> NDArray[np.float64]:
    """Return one weight per row; None counts all alike. Shape: (rows,).

    Raises:
        ValueError: The weights do not fit the rows, one is negative or not finite, or all are 0.
    """
    found = np.ones(n_rows) if weights is None else np.asarray(weights, dtype=np.float64)
    if found.shape != (n_rows,):
        raise ValueError(f"Found weights of shape {found.shape} for {n_rows} rows.")
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError("Weights must be finite numbers of 0 or more, and not all 0.")
    return found
