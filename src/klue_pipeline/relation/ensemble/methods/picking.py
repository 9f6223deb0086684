"""Members picked one after the other, again and again, as long as the score rises.

Forward selection with replacement: Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble
Selection from Libraries of Models". A member picked twice counts twice.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    Objective,
    TuningRows,
    weighted_mean,
)
from klue_pipeline.relation.settings.params import EnsembleParams


def greedy(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:
    """Pick members by the objective, at most ``ensemble.greedy_rounds`` times."""
    counts = pick_members(rows, objective, params.greedy_rounds)
    weights = counts / counts.sum()
    return Blend(lambda members: weighted_mean(members, weights), weights)


def pick_members(rows: TuningRows, objective: Objective, n_rounds: int) -> NDArray[np.float64]:
    """Return how often each member is picked until no further pick raises the score. (members,)."""
    probabilities = np.exp(rows.log_probabilities)
    counts: NDArray[np.float64] = np.zeros(len(probabilities))
    total = np.zeros_like(probabilities[0])
    best = -np.inf
    for _ in range(n_rounds):
        # The mean has the order of the sum, and only order counts.
        scores = [
            objective(total + member, rows.gold_ids, rows.weights) for member in probabilities
        ]
        picked = int(np.argmax(scores))
        if scores[picked] <= best:
            break
        best = scores[picked]
        counts[picked] += 1
        total += probabilities[picked]
    return counts


def best_subset(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:
    """Try every subset of up to ``ensemble.exhaustive_up_to`` members; pick greedily beyond."""
    if not tries_every_subset(len(rows.log_probabilities), params):
        return greedy(rows, objective, params)
    weights = _best_of_all(rows, objective)
    return Blend(lambda members: weighted_mean(members, weights), weights)


def tries_every_subset(n_members: int, params: EnsembleParams) -> bool:
    """Tell whether there are few enough members; if not, the best subset is greedy's."""
    return n_members <= params.exhaustive_up_to


def _best_of_all(rows: TuningRows, objective: Objective) -> NDArray[np.float64]:
    """Return equal weights of the best subset; of equally good ones, that with the fewest."""
    probabilities = np.exp(rows.log_probabilities)
    places = range(len(probabilities))
    subsets = [subset for size in places for subset in combinations(places, size + 1)]
    scores = [
        objective(probabilities[list(subset)].sum(axis=0), rows.gold_ids, rows.weights)
        for subset in subsets
    ]
    chosen = list(subsets[int(np.argmax(scores))])
    weights: NDArray[np.float64] = np.zeros(len(probabilities))
    weights[chosen] = 1 / len(chosen)
    return weights
