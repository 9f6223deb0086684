"""Losses for single-label classification: functions from logits and targets to one loss a row.

A loss returns one number per row and leaves averaging to the trainer, which knows the rows'
weights and how many rows one optimizer step spans. Add one by writing a module with its builder
and its line in ``LOSSES``.
"""

from collections.abc import Callable

from klue_pipeline.training.losses.cross_entropy import class_balanced, cross_entropy, weighted_ce
from klue_pipeline.training.losses.distillation import distillation
from klue_pipeline.training.losses.focal import focal
from klue_pipeline.training.losses.interface import LossContext, RowLoss, Targets
from klue_pipeline.training.losses.ldam import ldam
from klue_pipeline.training.params import LossParams

__all__ = ["LOSSES", "LossContext", "RowLoss", "Targets", "build_loss"]

LOSSES: dict[str, Callable[[LossParams, LossContext], RowLoss]] = {
    "cross_entropy": cross_entropy,
    "weighted_ce": weighted_ce,
    "focal": focal,
    "class_balanced": class_balanced,
    "ldam": ldam,
    "distillation": distillation,
}


def build_loss(params: LossParams, context: LossContext) -> RowLoss:
    """Build the loss that ``params`` names.

    Args:
        params: The loss and its settings.
        context: The labels and how often each occurs in the training part of this fold.

    Raises:
        ValueError: ``alpha`` names a label that does not exist.
    """
    return LOSSES[params.name](params, context)
