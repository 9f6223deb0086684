"""Mixture weights against a general optimiser, and which rows count how much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.methods.interface import TuningRows
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.ensemble.methods.weighted_soft_vote import (
    mixture_weights,
    weighted_soft_vote,
)

PLAIN, SHIFTED = Objective("micro_f1", 0), Objective("shift_micro_f1", 0)


def log_loss(weights, likelihood, row_weights):
    return -np.average(np.log(weights @ likelihood), weights=row_weights)


def best_loss(likelihood, row_weights):
    """The least loss that SLSQP finds on the simplex."""
    n_members = len(likelihood)
    return minimize(
        log_loss,
        np.full(n_members, 1 / n_members),
        args=(likelihood, row_weights),
        method="SLSQP",
        bounds=[(0, 1)] * n_members,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 300},
    ).fun


def of_gold(rows):
    return np.exp(rows.said.astype(np.float64))[:, np.arange(len(rows.gold_ids)), rows.gold_ids]


@settings(max_examples=20, deadline=None)
@given(n_members=st.integers(1, 5), seed=st.integers(0, 10**6), data=st.data())
def test_no_other_mixture_makes_the_truth_likelier(n_members, seed, data, draw_rows):
    skills = st.lists(st.floats(-1, 4), min_size=n_members, max_size=n_members)
    rows = draw_rows(n_members, seed=seed, skill=data.draw(skills))
    likelihood = of_gold(rows)
    weights = mixture_weights(likelihood, rows.weights)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    found = log_loss(weights, likelihood, rows.weights)
    assert found <= best_loss(likelihood, rows.weights) + 1e-4
    # The slopes at the optimum of a convex loss: 1 for members in use, less for the others.
    shares = rows.weights / rows.weights.sum()
    slopes = likelihood @ (shares / (weights @ likelihood))
    assert slopes.max() <= 1 + 1e-3


def test_by_hand():
    """One member is right on three rows of four and useless on the other, where the other is."""
    likelihood = np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    weights = mixture_weights(likelihood, np.ones(4))
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=1e-6)
    weights = mixture_weights(likelihood, np.array([1.0, 1.0, 0.0, 6.0]))
    np.testing.assert_allclose(weights, [0.25, 0.75], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_row_of_weight_two_is_a_row_twice(seed, draw_rows):
    rows = draw_rows(n_rows=30, seed=seed)
    counts = np.random.default_rng(seed).integers(0, 3, size=30)
    weighted = mixture_weights(of_gold(rows), counts)
    repeated = mixture_weights(np.repeat(of_gold(rows), counts, axis=1), np.ones(counts.sum()))
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)


def test_rows_count_by_the_target_only_if_the_objective_does_so(draw_rows, ensemble_params):
    rows = draw_rows(skill=[0.5, 1.0, 1.5])
    likelihood, ones = of_gold(rows), np.ones(len(rows.gold_ids))
    plain, shifted = (
        weighted_soft_vote(rows, objective, ensemble_params()).weights
        for objective in (PLAIN, SHIFTED)
    )
    np.testing.assert_allclose(plain, mixture_weights(likelihood, ones), atol=1e-9)
    np.testing.assert_allclose(shifted, mixture_weights(likelihood, rows.weights), atol=1e-9)
    assert np.abs(plain - shifted).max() > 0.01


def test_it_says_the_weighted_mean(draw_rows, ensemble_params):
    rows = draw_rows(skill=[0.5, 1.0, 1.5])
    blend = weighted_soft_vote(rows, PLAIN, ensemble_params())
    mean = np.tensordot(blend.weights, np.exp(rows.said.astype(np.float64)), axes=1)
    np.testing.assert_allclose(blend.apply(rows.said), mean, rtol=1e-3, atol=1e-6)


def test_identical_members_share_alike(draw_rows, ensemble_params):
    one = draw_rows(n_members=1)
    rows = TuningRows(np.repeat(one.said, 2, axis=0), one.gold_ids, one.weights)
    blend = weighted_soft_vote(rows, PLAIN, ensemble_params())
    np.testing.assert_allclose(blend.weights, [0.5, 0.5])
    np.testing.assert_allclose(blend.apply(rows.said), np.exp(one.said[0]), rtol=1e-4)


def test_a_row_that_every_member_holds_for_impossible_decides_nothing(draw_rows, ensemble_params):
    rows = draw_rows(n_members=2, skill=[1.0, 2.0])
    said = rows.said.copy()
    said[:, 0, rows.gold_ids[0]] = LOG_ZERO
    without = TuningRows(rows.said[:, 1:], rows.gold_ids[1:], rows.weights[1:])
    impossible = TuningRows(said, rows.gold_ids, rows.weights)
    found, wanted = (
        weighted_soft_vote(own, PLAIN, ensemble_params()).weights for own in (impossible, without)
    )
    np.testing.assert_allclose(found, wanted, atol=1e-3)
