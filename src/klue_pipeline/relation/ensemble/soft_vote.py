"""The mean of the members' probabilities, each with the same weight."""

from klue_pipeline.relation.ensemble.interface import (
    Blend,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.objective import Objective
from klue_pipeline.relation.params import EnsembleParams


def soft_vote(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average probabilities; nothing is fitted."""
    weights = equal_weights(len(rows.said))
    return Blend(lambda said: weighted_mean(said, weights), weights)
