"""Members picked one after the other, again and again, as long as the score rises.

Forward selection with replacement: Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble
Selection from Libraries of Models". A member picked twice counts twice.
"""

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.interface import Blend, TuningRows, weighted_mean
from klue_pipeline.relation.ensemble.objective import Objective
from klue_pipeline.relation.params import EnsembleParams


def greedy(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:
    """Pick members by the objective, at most ``ensemble.greedy_rounds`` times."""
    counts = pick_members(rows, objective, params.greedy_rounds)
    weights = counts / counts.sum()
    return Blend(lambda said: weighted_mean(said, weights), weights)


def pick_members(rows: TuningRows, objective: Objective, n_rounds: int) -> NDArray[np.float64]:
    """Return how often each member is picked until no further pick raises the score. (members,)."""
    probabilities = np.exp(rows.said)
    counts: NDArray[np.float64] = np.zeros(len(probabilities))
    total = np.zeros_like(probabilities[0])
    best = -np.inf
    for _ in range(n_rounds):
        # The mean has the order of the sum, and only order counts.
        scores = [objective(total + own, rows.gold_ids, rows.weights) for own in probabilities]
        picked = int(np.argmax(scores))
        if scores[picked] <= best:
            break
        best = scores[picked]
        counts[picked] += 1
        total += probabilities[picked]
    return counts
