"""Weights of rows by their label, most of them from how many training rows each label has.

A label without rows weighs 0: no row can ask for its weight, and dividing by its count would spoil
the normalisation of all others.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from klue_pipeline.training.losses.interface import RowLoss, Targets


def weigh_rows(loss: RowLoss, label_weights: Tensor) -> RowLoss:
    """Multiply each row's loss by the weight of the row's label.

    With smoothed targets too, the weight is that of the row's own label: it says how much the row
    counts, not how much each label in its target does.

    Args:
        loss: The loss to weigh.
        label_weights: Shape: (labels,).
    """
    weights_for = copied_to(label_weights)

    def weighted(logits: Tensor, targets: Targets, progress: float) -> Tensor:
        return weights_for(logits)[targets.label_ids] * loss(logits, targets, progress)

    return weighted


def inverse_frequency(label_counts: Tensor) -> Tensor:
    """Weigh labels by n / (C n_c), for n rows of which n_c have label c, and C labels with rows.

    All labels get the same total weight, and the mean weight of the rows is 1. scikit-learn calls
    it ``balanced``, after King and Zeng, "Logistic Regression in Rare Events Data", 2001.

    Args:
        label_counts: Rows per label. Shape: (labels,).

    Returns:
        Weights, float64. Shape: (labels,).
    """
    counts = label_counts.double()
    occurs = counts > 0
    return torch.where(occurs, counts.sum() / (occurs.sum() * counts.clamp(min=1)), 0.0)


def effective_number(label_counts: Tensor, beta: float) -> Tensor:
    """Weigh labels by one over the effective number of their rows: (1 - beta) / (1 - beta^n_c).

    The weights add up to the number of labels with rows, so that ``beta`` 0 weighs each 1. Cui et
    al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, section 4. The
    counts are those of all training rows: counted inside a batch, the labels that are absent
    there would take nearly all of the weight.

    Args:
        label_counts: Rows per label. Shape: (labels,).
        beta: From 0 up to, but not, 1; the closer to 1, the more rare labels weigh.

    Returns:
        Weights, float64. Shape: (labels,).
    """
    counts = label_counts.double()
    occurs = counts > 0
    weights = torch.where(occurs, (1 - beta) / (1 - beta ** counts.clamp(min=1)), 0.0)
    normalised: Tensor = weights * occurs.sum() / weights.sum()
    return normalised


def copied_to(values: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a function that gives ``values`` on the device and in the type of its argument.

    A loss is built before anybody knows the device. One copy per device is kept, because copying
    at every step would make a GPU wait.
    """

    @cache
    def copy(device: torch.device, dtype: torch.dtype) -> Tensor:
        return values.to(device=device, dtype=dtype)

    return lambda logits: copy(logits.device, logits.dtype)
