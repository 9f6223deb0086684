"""Votes of equal weight counted naively, and mixture weights against a general optimiser."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import gmean

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.methods.interface import Objective, TuningRows
from klue_pipeline.relation.ensemble.methods.votes import (
    hard_vote,
    logit_average,
    mixture_weights,
    soft_vote,
    weighted_soft_vote,
)
from klue_pipeline.relation.ensemble.panel import seat_test

PLAIN, SHIFTED = Objective("micro_f1", 0), Objective("shift_micro_f1", 0)


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_a_soft_vote_is_the_mean_of_probabilities_in_any_order(
    n_members, seed, draw_rows, ensemble_params
):
    rows = draw_rows(n_members, seed=seed)
    blend = soft_vote(rows, PLAIN, ensemble_params())
    mean = np.exp(rows.log_probabilities.astype(np.float64)).mean(axis=0)
    for members in (rows.log_probabilities, rows.log_probabilities[::-1]):
        np.testing.assert_allclose(blend.apply(members), mean, rtol=1e-4)
    assert blend.weights.tolist() == [1 / n_members] * n_members


def winner(probabilities):
    """The label with the most votes, of equal ones that with the highest mean probability."""
    votes = Counter(own.argmax() for own in probabilities)
    mean = probabilities.mean(axis=0)
    return max(votes, key=lambda label: (votes[label], mean[label]))


@pytest.fixture(scope="module")
def vote(draw_rows, ensemble_params):
    """Count what any members say; the rows that a method is given are not read."""
    return lambda members: hard_vote(draw_rows(len(members)), PLAIN, ensemble_params()).apply(
        members
    )


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), n_labels=st.integers(2, 5), seed=st.integers(0, 10**6))
def test_the_majority_wins_and_ties_go_by_the_mean(n_members, n_labels, seed, draw_rows, vote):
    members = draw_rows(n_members, 40, n_labels, seed).log_probabilities
    blended, probabilities = vote(members), np.exp(members.astype(np.float64))
    wanted = [winner(probabilities[:, row]) for row in range(40)]
    assert blended.argmax(axis=1).tolist() == wanted
    np.testing.assert_allclose(blended.sum(axis=1), 1, rtol=1e-5)
    assert (blended >= 0).all()


def test_a_hard_vote_by_hand(vote):
    """Votes 2 to 1 for a label whose mean probability is the lower one."""
    members = np.log([[[0.55, 0.45]], [[0.55, 0.45]], [[0.1, 0.9]]]).astype(np.float32)
    (blended,) = vote(members)
    # (votes + mean) / 4, with means 0.4 and 0.6.
    np.testing.assert_allclose(blended, [0.6, 0.4], rtol=1e-5)


def test_no_certainty_outweighs_a_vote(vote):
    barely, certain = np.log([0.334, 0.333, 0.333]), np.log([1e-30, 1.0, 1e-30])
    members = np.array([[barely]] * 3 + [[certain]] * 2, dtype=np.float32)
    assert vote(members).argmax() == 0


def test_equal_votes_keep_the_order_of_probabilities(vote):
    """AUPRC needs an order among rows; plain vote counts would leave only ties."""
    members = np.log([[[0.6, 0.4], [0.9, 0.1], [0.7, 0.3]]] * 2).astype(np.float32)
    blended = vote(members)
    assert blended[:, 0].argsort().tolist() == [0, 2, 1]


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_a_logit_average_is_the_normalised_geometric_mean(
    n_members, seed, draw_rows, ensemble_params
):
    rows = draw_rows(n_members, seed=seed)
    blend = logit_average(rows, PLAIN, ensemble_params())
    wanted = gmean(np.exp(rows.log_probabilities.astype(np.float64)), axis=0)
    wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(blend.apply(rows.log_probabilities), wanted, rtol=1e-4)
    assert blend.weights.tolist() == [1 / n_members] * n_members


def test_a_constant_on_a_members_logits_changes_nothing(draw_rows, make_table, ensemble_params):
    """Logits of a row are blended up to a constant, which differs between members."""
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 5, 4))
    lifted = second + generator.normal(size=(5, 1)) * 10
    blend = logit_average(draw_rows(n_members=2), PLAIN, ensemble_params())
    blended = [
        blend.apply(
            seat_test(
                {"a": make_table("abcde", first), "b": make_table("abcde", own)}
            ).log_probabilities
        )
        for own in (second, lifted)
    ]
    np.testing.assert_allclose(*blended, rtol=1e-4)
    softmax = np.exp((first + second) / 2)
    np.testing.assert_allclose(blended[0], softmax / softmax.sum(axis=1, keepdims=True), rtol=1e-4)


@pytest.mark.parametrize("n_others", [1, 9, 39])
def test_one_doubt_weighs_much_and_less_among_many(
    n_others, draw_rows, make_table, ensemble_params
):
    """What a member rules out has the least probability there is, and not none."""
    doubting = make_table("x", [[-np.inf, 0, 0]])
    others = {f"m{place}": make_table("x", [[9.0, 0, 0]]) for place in range(n_others)}
    panel = seat_test({"doubt": doubting, **others})
    blend = logit_average(draw_rows(n_members=2), PLAIN, ensemble_params())
    ((out, left, _),) = blend.apply(panel.log_probabilities)
    # Of the ratio, each other member says 9 and the doubting one ln(tiny) - ln(1/2).
    wanted = (9 * n_others + LOG_ZERO + np.log(2)) / (n_others + 1)
    np.testing.assert_allclose(np.log(out / left), wanted, atol=1e-4)
    assert (out > left) == (n_others > 9)


def test_a_label_that_one_of_two_members_rules_out_is_out(draw_rows, make_table, ensemble_params):
    """The mean of probabilities would keep half of what the other one gives it."""
    panel = seat_test(
        {"a": make_table("x", [[-np.inf, 0, 0]]), "b": make_table("x", [[9.0, 1.0, 0.0]])}
    )
    (blended,) = logit_average(draw_rows(n_members=2), PLAIN, ensemble_params()).apply(
        panel.log_probabilities
    )
    assert blended[0] < 1e-12
    # Of the others, the square roots of e and 1 are left.
    np.testing.assert_allclose(blended[1] / blended[2], np.exp(0.5), rtol=1e-4)


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
    return np.exp(rows.log_probabilities.astype(np.float64))[
        :, np.arange(len(rows.gold_ids)), rows.gold_ids
    ]


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


def test_mixture_weights_by_hand():
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


def test_a_row_that_every_member_holds_for_impossible_decides_nothing(draw_rows, ensemble_params):
    rows = draw_rows(n_members=2, skill=[1.0, 2.0])
    members = rows.log_probabilities.copy()
    members[:, 0, rows.gold_ids[0]] = LOG_ZERO
    without = TuningRows(rows.log_probabilities[:, 1:], rows.gold_ids[1:], rows.weights[1:])
    impossible = TuningRows(members, rows.gold_ids, rows.weights)
    found, wanted = (
        weighted_soft_vote(own, PLAIN, ensemble_params()).weights for own in (impossible, without)
    )
    np.testing.assert_allclose(found, wanted, atol=1e-3)
