"""Weights are fitted by what is right, and judged on what they were not fitted on."""

import numpy as np
import pytest

from klue_pipeline.odqa.answer_ensemble.ballots import collect_ballots
from klue_pipeline.odqa.answer_ensemble.weights import WeightGrid, equal_weights, split_by_unit


def make_grid(n_best, is_good, n_bad=2):
    """Let one member be right about every question that is marked, and the others wrong."""
    questions = [f"q{place}" for place in range(len(is_good))]
    good = {
        name: [("옳음" if own else "그름", 0.6)]
        for name, own in zip(questions, is_good, strict=True)
    }
    bad = {name: [("다름", 0.7)] for name in questions}
    members = {"good": n_best(good), **{f"bad{i}": n_best(bad) for i in range(n_bad)}}
    ballots = collect_ballots(members, questions)
    outcomes = np.append((ballots.shown["text"] == "옳음").to_numpy(float), 0.0)
    return WeightGrid.of(ballots, outcomes), ballots


def test_the_fit_finds_who_is_right_and_stays_as_near_to_equal_weights_as_it_can(n_best):
    grid, _ = make_grid(n_best, [True] * 6)
    weights = grid.points[grid.fit(np.ones(6, bool))]
    assert 0.6 * weights[0] > 0.7 * weights[1:].sum()
    better = grid.points[(grid.reached.sum(axis=1) == 6)]
    distances = ((better - equal_weights(3)) ** 2).sum(axis=1)
    assert ((weights - equal_weights(3)) ** 2).sum() == pytest.approx(distances.min())
    nobody, _ = make_grid(n_best, [False] * 6)
    assert nobody.points[nobody.fit(np.ones(6, bool))].tolist() == equal_weights(3).tolist()


def test_no_question_is_judged_with_weights_that_were_fitted_on_its_unit(n_best):
    # Only the questions of unit 7 show that the first member is right; it is wrong about no other.
    units = np.array([7, 7, 7, 8, 9])
    grid, ballots = make_grid(n_best, [True, True, True, False, False])
    all_questions = np.ones(5, bool)
    assert ballots.texts(grid.best[grid.fit(all_questions)]).tolist() == ["옳음"] * 3 + ["그름"] * 2
    nested = ballots.texts(grid.nest(units)).tolist()
    assert nested == ["다름"] * 3 + ["그름"] * 2


def test_nesting_learns_nothing_from_the_judged_questions(n_best):
    generator, units = np.random.default_rng(5), np.repeat(np.arange(8), 3)
    grid, _ = make_grid(n_best, generator.random(24) < 0.5)
    before = grid.nest(units)
    for unit in range(8):
        reached = grid.reached.copy()
        reached[:, units == unit] = generator.random((len(grid.points), 3))
        changed = WeightGrid(grid.points, grid.best, reached).nest(units)
        assert (changed == before)[units == unit].all()


def test_units_stay_together_and_everything_is_held_out_once():
    units = np.random.default_rng(0).integers(0, 30, 100)
    parts = np.array(list(split_by_unit(units)))
    assert (parts.sum(axis=0) == 1).all()
    assert all(not set(units[part]) & set(units[~part]) for part in parts)
    assert not list(split_by_unit(np.zeros(5, int)))


def test_one_unit_alone_is_judged_with_equal_weights(n_best):
    grid, ballots = make_grid(n_best, [True] * 4)
    assert ballots.texts(grid.nest(np.zeros(4, int))).tolist() == ["다름"] * 4
