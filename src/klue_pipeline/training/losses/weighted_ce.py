"""Cross-entropy in which every label has the same total weight."""

from klue_pipeline.training.losses.cross_entropy import cross_entropy
from klue_pipeline.training.losses.interface import LossContext, RowLoss
from klue_pipeline.training.losses.label_weights import inverse_frequency, weigh_rows
from klue_pipeline.training.params import LossParams


def weighted_ce(params: LossParams, context: LossContext) -> RowLoss:
    """Cross-entropy times the inverse frequency of the row's label.

    On KLUE-RE it has cost micro F1 (73.0 to 67.9 in one report), because it makes a model predict
    rare labels too often.
    """
    return weigh_rows(cross_entropy(params, context), inverse_frequency(context.label_counts))
