"""One vote per member; ties go to the label with the higher mean probability."""

import numpy as np

from klue_pipeline.relation.ensemble.interface import (
    Blend,
    Probabilities,
    Said,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.objective import Objective
from klue_pipeline.relation.params import EnsembleParams


def hard_vote(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Count votes; nothing is fitted."""
    return Blend(_count_votes, equal_weights(len(rows.said)))


def _count_votes(said: Said) -> Probabilities:
    """Return (votes + mean probability) / (members + 1).

    A mean probability is below 1, so it never outweighs a vote: it breaks ties, and gives AUPRC an
    order among rows with equal votes.
    """
    n_members, _, n_labels = said.shape
    votes = sum(np.eye(n_labels, dtype=np.float32)[own.argmax(axis=1)] for own in said)
    mean = weighted_mean(said, equal_weights(n_members))
    return np.asarray((votes + mean) / (n_members + 1))
