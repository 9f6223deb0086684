"""Focal loss: rows that the model already gets right count less."""

import difflib
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.losses.interface import LossContext, RowLoss, Targets
from klue_pipeline.training.losses.label_weights import weigh_rows
from klue_pipeline.training.params import LossParams


def focal(params: LossParams, context: LossContext) -> RowLoss:
    """Focal loss with the exponent ``gamma`` and, where given, a weight ``alpha`` per label.

    Raises:
        ValueError: ``alpha`` names a label that does not exist.
    """
    gamma = cast(float, params.gamma)

    def loss(logits: Tensor, targets: Targets, progress: float) -> Tensor:  # noqa: ARG001
        return focal_loss(logits, targets.label_ids, gamma, params.label_smoothing)

    if params.alpha is None:
        return loss
    return weigh_rows(loss, _weights_by_name(params.alpha, context.labels))


def focal_loss(logits: Tensor, label_ids: Tensor, gamma: float, label_smoothing: float) -> Tensor:
    """Sum over the labels j of -q_j (1 - p_j)^gamma log p_j, for the softmax p of the logits.

    The target q is 1 - ``label_smoothing`` of the row's label and ``label_smoothing`` / C of each
    of all C labels. Without smoothing this is Lin et al., "Focal Loss for Dense Object Detection",
    ICCV 2017, equation 4, with a softmax in place of their sigmoid.

    Args:
        logits: Shape: (batch, labels).
        label_ids: Shape: (batch,).
        gamma: From 0, which gives cross-entropy.
        label_smoothing: From 0 (off) to 1.

    Returns:
        Losses in nats. Shape: (batch,).
    """
    log_probabilities = functional.log_softmax(logits, dim=-1)  # (batch, labels)
    # At p = 1 a power below 1 has an infinite slope, and infinity times log 1 is not a number.
    smallest = torch.finfo(logits.dtype).eps
    misses = (-torch.expm1(log_probabilities)).clamp(min=smallest)
    losses = -(misses**gamma) * log_probabilities  # (batch, labels)
    own = losses.gather(-1, label_ids.unsqueeze(-1)).squeeze(-1)  # (batch,)
    if not label_smoothing:
        return own
    return (1 - label_smoothing) * own + label_smoothing * losses.mean(dim=-1)


def _weights_by_name(weights: dict[str, float], labels: tuple[str, ...]) -> Tensor:
    unknown = [name for name in weights if name not in labels]
    if unknown:
        hints = "; ".join(f"{name!r}, near {_near_names(name, labels)}" for name in unknown)
        raise ValueError(f"loss.alpha has no such label: {hints}. Name labels of the target.")
    return torch.tensor([weights.get(label, 1.0) for label in labels], dtype=torch.float64)


def _near_names(name: str, labels: tuple[str, ...]) -> str:
    return ", ".join(difflib.get_close_matches(name, labels) or labels)
