"""Picks and subsets against naive loops, and when picking ends."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ensemble.methods.interface import Objective, TuningRows
from klue_pipeline.relation.ensemble.methods.picking import best_subset, greedy, pick_members

ACCURACY = Objective("accuracy", 0)
NAMES = st.sampled_from(["micro_f1", "shift_micro_f1", "auprc", "accuracy"])


def score(objective, rows, picks):
    """The score of the plain mean of some members, with repetition."""
    mean = np.exp(rows.log_probabilities[picks].astype(np.float64)).mean(axis=0)
    return objective(mean, rows.gold_ids, rows.weights)


def pick_naively(objective, rows, n_rounds):
    picks, best = [], -1
    while len(picks) < n_rounds:
        scores = [
            score(objective, rows, [*picks, own]) for own in range(len(rows.log_probabilities))
        ]
        if max(scores) <= best:
            break
        best = max(scores)
        picks.append(scores.index(best))
    return picks


@settings(max_examples=20, deadline=None)
@given(
    name=NAMES,
    n_members=st.integers(1, 5),
    n_rounds=st.integers(1, 8),
    seed=st.integers(0, 10**6),
)
def test_picks_are_those_of_a_naive_loop(name, n_members, n_rounds, seed, draw_rows):
    rows, objective = draw_rows(n_members, seed=seed), Objective(name, 0)
    picks = pick_naively(objective, rows, n_rounds)
    wanted = [picks.count(member) for member in range(n_members)]
    assert pick_members(rows, objective, n_rounds).tolist() == wanted


@settings(max_examples=20, deadline=None)
@given(name=NAMES, seed=st.integers(0, 10**6))
def test_it_is_never_worse_than_the_best_member(name, seed, draw_rows, ensemble_params):
    rows, objective = draw_rows(4, seed=seed), Objective(name, 0)
    blend = greedy(rows, objective, ensemble_params())
    found = objective(blend.apply(rows.log_probabilities), rows.gold_ids, rows.weights)
    assert found >= max(score(objective, rows, [own]) for own in range(4)) - 1e-9
    assert blend.weights.sum() == pytest.approx(1)


def members_by(*of_gold):
    """Members by the probability of each row's true label, which is label 1."""
    chances = np.array(of_gold)
    members = np.log(np.stack([1 - chances, chances], axis=2)).astype(np.float32)
    return TuningRows(members, np.ones(chances.shape[1], dtype=np.int64), np.ones(chances.shape[1]))


@pytest.mark.parametrize(
    ("n_rounds", "wanted"), [(1, [1, 0]), (2, [1, 1]), (3, [2, 1]), (50, [2, 1])]
)
def test_a_member_picked_twice_counts_twice(n_rounds, wanted):
    """The first has rows 0 and 2 right; their mean 0, 1 and 3; twice the first and once the second
    all. Nothing is left to gain then."""
    rows = members_by([0.9, 0.45, 0.6, 0.45], [0.3, 0.9, 0.35, 0.9])
    assert pick_members(rows, ACCURACY, n_rounds).tolist() == wanted


@pytest.mark.parametrize("method", [greedy, best_subset])
def test_identical_members_are_one(method, draw_rows, ensemble_params):
    one = draw_rows(n_members=1)
    rows = TuningRows(np.repeat(one.log_probabilities, 3, axis=0), one.gold_ids, one.weights)
    blend = method(rows, ACCURACY, ensemble_params())
    assert blend.weights.tolist() == [1, 0, 0]
    np.testing.assert_allclose(
        blend.apply(rows.log_probabilities), np.exp(one.log_probabilities[0]), rtol=1e-4
    )


def test_members_that_are_always_wrong_still_make_a_blend(ensemble_params):
    """A score of 0 is better than none at all."""
    rows = members_by([0.1, 0.2], [0.3, 0.4])
    assert greedy(rows, ACCURACY, ensemble_params()).weights.tolist() == [1, 0]


def score_subsets(rows, objective):
    """The score of the mean of every subset, smallest subsets first."""
    probabilities = np.exp(rows.log_probabilities.astype(np.float64))
    n_members = len(probabilities)
    subsets = [own for size in range(n_members) for own in combinations(range(n_members), size + 1)]
    means = {own: probabilities[list(own)].mean(axis=0) for own in subsets}
    return {own: objective(mean, rows.gold_ids, rows.weights) for own, mean in means.items()}


@settings(max_examples=20, deadline=None)
@given(
    name=NAMES,
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
    mean = np.exp(rows.log_probabilities[list(chosen)].astype(np.float64)).mean(axis=0)
    np.testing.assert_allclose(blend.apply(rows.log_probabilities), mean, rtol=1e-4)


ONLY_A_PAIR = members_by(
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
