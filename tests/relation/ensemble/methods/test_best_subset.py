"""Every subset tried by hand, and what happens beyond the limit."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from klue_pipeline.relation.ensemble.methods.greedy import best_subset, greedy
from klue_pipeline.relation.ensemble.methods.interface import TuningRows
from klue_pipeline.relation.ensemble.methods.objective import Objective

ACCURACY = Objective("accuracy", 0)


def score_subsets(rows, objective):
    """The score of the mean of every subset, smallest subsets first."""
    probabilities = np.exp(rows.said.astype(np.float64))
    n_members = len(probabilities)
    subsets = [own for size in range(n_members) for own in combinations(range(n_members), size + 1)]
    means = {own: probabilities[list(own)].mean(axis=0) for own in subsets}
    return {own: objective(mean, rows.gold_ids, rows.weights) for own, mean in means.items()}


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(["micro_f1", "shift_micro_f1", "auprc", "accuracy"]),
    n_members=st.integers(1, 5),
    seed=st.integers(0, 10**6),
)
def test_no_subset_is_better_and_no_smaller_one_as_good(
    name, n_members, seed, draw_rows, ensemble_params
):
    rows, objective = draw_rows(n_members, n_rows=30, seed=seed), Objective(name, 0)
    blend = best_subset(rows, objective, ensemble_params())
    chosen = tuple(np.flatnonzero(blend.weights).tolist())
    scores = score_subsets(rows, objective)
    best = max(scores.values())
    assert scores[chosen] == pytest.approx(best)
    assert len(chosen) == min(len(own) for own, found in scores.items() if found >= best - 1e-9)
    assert blend.weights[list(chosen)] == pytest.approx([1 / len(chosen)] * len(chosen))
    mean = np.exp(rows.said[list(chosen)].astype(np.float64)).mean(axis=0)
    np.testing.assert_allclose(blend.apply(rows.said), mean, rtol=1e-4)


def unfold(*of_gold):
    """Members by the probability of each row's true label, which is label 1."""
    chances = np.array(of_gold)
    said = np.log(np.stack([1 - chances, chances], axis=2)).astype(np.float32)
    return TuningRows(said, np.ones(said.shape[1], dtype=np.int64), np.ones(said.shape[1]))


ONLY_A_PAIR = unfold(
    [0.9, 0.9, 0.9, 0.2, 0.2, 0.2],  # right on half of the rows, and the best one alone
    [0.9, 0.9, 0.05, 0.4, 0.4, 0.4],
    [0.3, 0.3, 0.9, 0.7, 0.7, 0.45],
)
"""Right by mean: first and second 2, first and third 3, second and third 4, all three 3."""


def test_the_best_pair_is_found_where_greed_misses_it(ensemble_params):
    """Greed starts with the best member, which the best pair leaves out."""
    params = ensemble_params(exhaustive_up_to=3)
    assert best_subset(ONLY_A_PAIR, ACCURACY, params).weights.tolist() == [0, 0.5, 0.5]


def test_beyond_the_limit_it_is_greedy(ensemble_params):
    params = ensemble_params(exhaustive_up_to=2)
    found = best_subset(ONLY_A_PAIR, ACCURACY, params)
    assert found.weights.tolist() == greedy(ONLY_A_PAIR, ACCURACY, params).weights.tolist()
    assert found.weights.tolist() != [0, 0.5, 0.5]


@pytest.mark.parametrize(("limit", "is_allowed"), [(0, False), (1, True), (8, True), (9, False)])
def test_so_many_subsets_are_tried_at_most(limit, is_allowed, ensemble_params):
    """Eight members have 255 subsets, and each is scored once for every fold."""
    if is_allowed:
        assert ensemble_params(exhaustive_up_to=limit).exhaustive_up_to == limit
    else:
        with pytest.raises(ValidationError, match="exhaustive_up_to"):
            ensemble_params(exhaustive_up_to=limit)


def test_identical_members_are_one(draw_rows, ensemble_params):
    one = draw_rows(n_members=1)
    rows = TuningRows(np.repeat(one.said, 2, axis=0), one.gold_ids, one.weights)
    assert best_subset(rows, ACCURACY, ensemble_params()).weights.tolist() == [1, 0]
