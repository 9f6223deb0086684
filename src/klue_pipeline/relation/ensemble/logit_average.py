"""The mean of the members' log-probabilities: a label needs all of them, one doubt weighs much."""

import numpy as np
from scipy.special import softmax

from klue_pipeline.relation.ensemble.interface import (
    Blend,
    Probabilities,
    Said,
    TuningRows,
    equal_weights,
)
from klue_pipeline.relation.ensemble.objective import Objective
from klue_pipeline.relation.params import EnsembleParams


def logit_average(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Average logarithms and normalise, which is the geometric mean; nothing is fitted."""
    return Blend(_geometric_mean, equal_weights(len(rows.said)))


def _geometric_mean(said: Said) -> Probabilities:
    # Logits of different members differ by a constant per row; log-probabilities do not.
    return np.asarray(softmax(said.mean(axis=0), axis=1))
