"""LDAM-DRW: rare labels must win by a margin, and late in the training they also weigh more."""

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.losses.cross_entropy import cross_entropy
from klue_pipeline.training.losses.interface import LossContext, RowLoss, Targets
from klue_pipeline.training.losses.label_weights import copied_to, effective_number, weigh_rows
from klue_pipeline.training.params import LossParams


def ldam(params: LossParams, context: LossContext) -> RowLoss:
    """Label-distribution-aware margin loss with deferred re-weighting.

    Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS
    2019. The logits must be ``logit_scale`` times a cosine: the margins are differences of
    cosines, and on unbounded logits a model outgrows them. From ``reweight_after_share`` of the
    training on, rows are weighed as in the class-balanced loss; a share of 1 never weighs.
    """
    plain = _margin_loss(params, context)
    weights = effective_number(context.label_counts, cast(float, params.beta))
    reweighted = weigh_rows(plain, weights)
    start = cast(float, params.reweight_after_share)

    def loss(logits: Tensor, targets: Targets, progress: float) -> Tensor:
        now = reweighted if start < 1 and progress >= start else plain
        return now(logits, targets, progress)

    return loss


def label_margins(label_counts: Tensor, max_margin: float) -> Tensor:
    """Give each label the margin max_margin * n_c^(-1/4) / max over labels of n^(-1/4).

    Args:
        label_counts: Rows per label. Shape: (labels,).
        max_margin: Margin of the rarest label that has rows, as a difference of cosines.

    Returns:
        Margins, float64, 0 for a label without rows. Shape: (labels,).
    """
    counts = label_counts.double()
    shares = torch.where(counts > 0, counts.clamp(min=1) ** -0.25, 0.0)
    margins: Tensor = max_margin * shares / shares.max()
    return margins


def _margin_loss(params: LossParams, context: LossContext) -> RowLoss:
    margins = label_margins(context.label_counts, cast(float, params.max_margin))
    margins_for = copied_to(context.logit_scale * margins)
    inside = cross_entropy(params, context)

    def loss(logits: Tensor, targets: Targets, progress: float) -> Tensor:
        gold = functional.one_hot(targets.label_ids, logits.shape[-1])  # (batch, labels)
        return inside(logits - margins_for(logits) * gold, targets, progress)

    return loss
