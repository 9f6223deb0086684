"""Cross-entropy, which the other losses become in their limits, and losses weighed by label."""

from collections.abc import Callable
from typing import cast

from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.losses.focal import focal
from klue_pipeline.training.losses.interface import LossContext, RowLoss, Targets
from klue_pipeline.training.losses.label_weights import (
    effective_number,
    inverse_frequency,
    weigh_rows,
)
from klue_pipeline.training.params import LossParams


def cross_entropy(params: LossParams, context: LossContext) -> RowLoss:  # noqa: ARG001
    """Cross-entropy of the target and the softmax of the logits, in nats.

    The target is the row's label, or with label smoothing 1 - ``label_smoothing`` of it and
    ``label_smoothing`` / C of each of all C labels (Szegedy et al., "Rethinking the Inception
    Architecture for Computer Vision", CVPR 2016, section 7).
    """

    def loss(logits: Tensor, targets: Targets, progress: float) -> Tensor:  # noqa: ARG001
        return functional.cross_entropy(
            logits, targets.label_ids, reduction="none", label_smoothing=params.label_smoothing
        )

    return loss


def weighted_ce(params: LossParams, context: LossContext) -> RowLoss:
    """Cross-entropy times the inverse frequency of the row's label.

    On KLUE-RE it has cost micro F1 (73.0 to 67.9 in one report), because it makes a model predict
    rare labels too often.
    """
    return weigh_rows(cross_entropy(params, context), inverse_frequency(context.label_counts))


INSIDE: dict[str, Callable[[LossParams, LossContext], RowLoss]] = {
    "cross_entropy": cross_entropy,
    "focal": focal,
}


def class_balanced(params: LossParams, context: LossContext) -> RowLoss:
    """The loss ``inside`` times the class-balanced weight of the row's label.

    Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, with a
    softmax in place of the sigmoids of their focal loss.
    """
    inside = INSIDE[cast(str, params.inside)](params, context)
    weights = effective_number(context.label_counts, cast(float, params.beta))
    return weigh_rows(inside, weights)
