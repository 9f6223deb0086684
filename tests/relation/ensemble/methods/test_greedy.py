"""Picks against a naive loop, and when picking ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ensemble.methods.greedy import greedy, pick_members
from klue_pipeline.relation.ensemble.methods.interface import TuningRows
from klue_pipeline.relation.ensemble.methods.objective import Objective

ACCURACY = Objective("accuracy", 0)
OBJECTIVES = st.sampled_from(["micro_f1", "shift_micro_f1", "auprc", "accuracy"])


def score(objective, rows, picks):
    """The score of the plain mean of some members, with repetition."""
    mean = np.exp(rows.said[picks].astype(np.float64)).mean(axis=0)
    return objective(mean, rows.gold_ids, rows.weights)


def pick_naively(objective, rows, n_rounds):
    picks, best = [], -1
    while len(picks) < n_rounds:
        scores = [score(objective, rows, [*picks, own]) for own in range(len(rows.said))]
        if max(scores) <= best:
            break
        best = max(scores)
        picks.append(scores.index(best))
    return picks


@settings(max_examples=20, deadline=None)
@given(
    name=OBJECTIVES,
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
@given(name=OBJECTIVES, seed=st.integers(0, 10**6))
def test_it_is_never_worse_than_the_best_member(name, seed, draw_rows, ensemble_params):
    rows, objective = draw_rows(4, seed=seed), Objective(name, 0)
    blend = greedy(rows, objective, ensemble_params())
    found = objective(blend.apply(rows.said), rows.gold_ids, rows.weights)
    assert found >= max(score(objective, rows, [own]) for own in range(4)) - 1e-9
    assert blend.weights.sum() == pytest.approx(1)


def two_members(first, second):
    """Members by the probability of each row's true label, which is label 1."""
    of_gold = np.array([first, second])
    said = np.log(np.stack([1 - of_gold, of_gold], axis=2)).astype(np.float32)
    return TuningRows(said, np.ones(len(first), dtype=np.int64), np.ones(len(first)))


@pytest.mark.parametrize(
    ("n_rounds", "wanted"), [(1, [1, 0]), (2, [1, 1]), (3, [2, 1]), (50, [2, 1])]
)
def test_a_member_picked_twice_counts_twice(n_rounds, wanted):
    """The first has rows 0 and 2 right; their mean 0, 1 and 3; twice the first and once the second
    all. Nothing is left to gain then."""
    rows = two_members([0.9, 0.45, 0.6, 0.45], [0.3, 0.9, 0.35, 0.9])
    assert pick_members(rows, ACCURACY, n_rounds).tolist() == wanted


def test_the_settings_say_how_many_rounds(ensemble_params):
    rows = two_members([0.9, 0.45, 0.6, 0.45], [0.3, 0.9, 0.35, 0.9])
    for n_rounds, wanted in ((2, [1 / 2, 1 / 2]), (3, [2 / 3, 1 / 3])):
        blend = greedy(rows, ACCURACY, ensemble_params(greedy_rounds=n_rounds))
        assert blend.weights == pytest.approx(wanted)


def test_identical_members_are_one(draw_rows, ensemble_params):
    one = draw_rows(n_members=1)
    rows = TuningRows(np.repeat(one.said, 3, axis=0), one.gold_ids, one.weights)
    blend = greedy(rows, ACCURACY, ensemble_params())
    assert blend.weights.tolist() == [1, 0, 0]
    np.testing.assert_allclose(blend.apply(rows.said), np.exp(one.said[0]), rtol=1e-4)


def test_members_that_are_always_wrong_still_make_a_blend(ensemble_params):
    """A score of 0 is better than none at all."""
    rows = two_members([0.1, 0.2], [0.3, 0.4])
    assert greedy(rows, ACCURACY, ensemble_params()).weights.tolist() == [1, 0]
