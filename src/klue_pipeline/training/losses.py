"""Losses for single-label classification: functions from logits and labels to one loss a row.

A loss returns one number per row and leaves averaging to the trainer, which knows the rows'
weights and how many rows one optimizer step spans. Add one by writing its builder and its line in
``LOSSES``.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.params import LossParams

RowLoss = Callable[[Tensor, Tensor], Tensor]
"""(logits (batch, labels), label ids (batch,)) -> losses (batch,), all float32."""


def cross_entropy(params: LossParams, label_counts: Tensor) -> RowLoss:  # noqa: ARG001
    """Negative log-likelihood of the gold label under the softmax of the logits, in nats."""

    def loss(logits: Tensor, label_ids: Tensor) -> Tensor:
        return functional.cross_entropy(logits, label_ids, reduction="none")

    return loss


LOSSES: dict[str, Callable[[LossParams, Tensor], RowLoss]] = {"cross_entropy": cross_entropy}


def build_loss(params: LossParams, label_counts: Tensor) -> RowLoss:
    """Build the loss that ``params`` names.

    Args:
        params: The loss and its settings.
        label_counts: Rows per label in the training part of this fold. Shape: (labels,).
    """
    return LOSSES[params.name](params, label_counts)
