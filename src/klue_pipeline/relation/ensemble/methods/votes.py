"""The mean of the members' probabilities, each with the same weight."""

import numpy as np
from scipy.special import softmax

from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    Probabilities,
    Said,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.settings.params import EnsembleParams


def soft_vote(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average probabilities; nothing is fitted."""
    weights = equal_weights(len(rows.said))
    return Blend(lambda said: weighted_mean(said, weights), weights)


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


def logit_average(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average logarithms and normalise, which is the geometric mean; nothing is fitted."""
    return Blend(_geometric_mean, equal_weights(len(rows.said)))


def _geometric_mean(said: Said) -> Probabilities:
    # Logits of different members differ by a constant per row; log-probabilities do not.
    return np.asarray(softmax(said.mean(axis=0), axis=1))
