"""The subset of members whose plain mean scores best: every one tried while there are few."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.greedy import greedy
from klue_pipeline.relation.ensemble.interface import Blend, TuningRows, weighted_mean
from klue_pipeline.relation.ensemble.objective import Objective
from klue_pipeline.relation.params import EnsembleParams


def best_subset(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:
    """Try every subset of up to ``ensemble.exhaustive_up_to`` members; pick greedily beyond."""
    if not tries_every_subset(len(rows.said), params):
        return greedy(rows, objective, params)
    weights = _best_of_all(rows, objective)
    return Blend(lambda said: weighted_mean(said, weights), weights)


def tries_every_subset(n_members: int, params: EnsembleParams) -> bool:
    """Tell whether there are few enough members; if not, the best subset is greedy's."""
    return n_members <= params.exhaustive_up_to


def _best_of_all(rows: TuningRows, objective: Objective) -> NDArray[np.float64]:
    """Return equal weights of the best subset; of equally good ones, that with the fewest."""
    probabilities = np.exp(rows.said)
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
