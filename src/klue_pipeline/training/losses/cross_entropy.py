"""Cross-entropy: what the other losses become in their limits."""

from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.losses.interface import LossContext, RowLoss
from klue_pipeline.training.params import LossParams


def cross_entropy(params: LossParams, context: LossContext) -> RowLoss:  # noqa: ARG001
    """Cross-entropy of the target and the softmax of the logits, in nats.

    The target is the row's label, or with label smoothing 1 - ``label_smoothing`` of it and
    ``label_smoothing`` / C of each of all C labels (Szegedy et al., "Rethinking the Inception
    Architecture for Computer Vision", CVPR 2016, section 7).
    """

    def loss(logits: Tensor, label_ids: Tensor, progress: float) -> Tensor:  # noqa: ARG001
        return functional.cross_entropy(
            logits, label_ids, reduction="none", label_smoothing=params.label_smoothing
        )

    return loss
