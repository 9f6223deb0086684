"""Class-balanced loss: another loss, weighed by the effective number of each label's rows."""

from collections.abc import Callable
from typing import cast

from klue_pipeline.training.losses.cross_entropy import cross_entropy
from klue_pipeline.training.losses.focal import focal
from klue_pipeline.training.losses.interface import LossContext, RowLoss
from klue_pipeline.training.losses.label_weights import effective_number, weigh_rows
from klue_pipeline.training.params import LossParams

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
