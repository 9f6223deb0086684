"""Shares of labels, and how much a scored row counts where labels are distributed differently.

Under label shift rows of one label look alike in training and target, so that a row stands for
(share of its label in the target) / (share among the scored rows) rows of the target.
"""

import logging

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)


def label_shares(gold_ids: NDArray[np.int64], n_labels: int) -> NDArray[np.float64]:
    """Return the share of each label among rows. Shape: (labels,).

    >>> label_shares(np.array([0, 0, 2, 0]), 3)
    array([0.75, 0.  , 0.25])
    """
    return np.bincount(gold_ids, minlength=n_labels) / max(len(gold_ids), 1)


def with_negative_share(
    share: float, negative_id: int, training_shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the negative label a share, and the others the rest in their own proportions.

    >>> with_negative_share(0.6, 0, np.array([0.2, 0.6, 0.2]))
    array([0.6, 0.3, 0.1])
    """
    others = np.delete(training_shares, negative_id)
    return np.insert(others * (1 - share) / others.sum(), negative_id, share)


def shift_weights(
    gold_ids: NDArray[np.int64],
    target_shares: NDArray[np.float64],
    ratios: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weigh rows so that their labels have the target's shares.

    A label of the target that no scored row has cannot be judged; its share goes to the others in
    proportion, with a warning.

    Args:
        gold_ids: True label ids of the scored rows. Shape: (rows,).
        target_shares: Share of each label. Shape: (labels,).
        ratios: How much each row counts within its label; None for all alike. Shape: (rows,).

    Returns:
        One weight per row, with mean 1. Shape: (rows,).

    Raises:
        ValueError: No scored row has a label of the target.
    """
    within = np.ones(len(gold_ids)) if ratios is None else ratios
    found = np.bincount(gold_ids, within, minlength=len(target_shares)) / within.sum()
    lost = float(target_shares[found == 0].sum())
    if not target_shares[found > 0].any():  # the sum of the others may be rounded below 1
        raise ValueError("No scored row has a label that the target has; check the target prior.")
    if lost > 0:
        logger.warning("%.2f%% of the target has labels that no scored row has", 100 * lost)
    by_label = np.divide(target_shares, found, out=np.zeros_like(found), where=found > 0)
    weights = by_label[gold_ids] * within
    return np.asarray(weights / weights.mean())


def effective_rows(weights: NDArray[np.float64]) -> float:
    """Return how many equally weighted rows would tell as much (Kish 1965).

    >>> effective_rows(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / np.square(weights).sum())
