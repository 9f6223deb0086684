"""Known shares found again, against the likelihood's maximum, and what no estimator promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import softmax

from klue_pipeline.relation.shift.estimators import (
    classify_and_count,
    expectation_maximisation,
    total_variation,
)
from klue_pipeline.relation.shift.weights import label_shares


def once(n_rows):
    return np.ones((n_rows, 1))


def draw_probabilities(n_rows, seed, n_labels=3):
    generator = np.random.default_rng(seed)
    return softmax(2 * generator.normal(size=(n_rows, n_labels)), axis=1), generator


@pytest.mark.parametrize(
    ("share_of_first_kind", "wanted"),
    [(0.65, 0.75), (0.5, 0.5), (0.9, 1.0), (0.1, 0.0)],
)
def test_expectation_maximisation_by_hand(share_of_first_kind, wanted):
    """Rows of two kinds, of which the model says (0.8, 0.2) and (0.2, 0.8) under equal shares.

    The likelihood is highest where 0.8 q + 0.2 (1 - q) is the share of the first kind, or at the
    nearer end where that is no share.
    """
    n_first = round(100 * share_of_first_kind)
    probabilities = np.array([[0.8, 0.2]] * n_first + [[0.2, 0.8]] * (100 - n_first))
    found = expectation_maximisation(probabilities, np.array([0.5, 0.5]), once(100))
    assert found.converged
    assert found.shares[:, 0] == pytest.approx([wanted, 1 - wanted], abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 10**6))
def test_no_shares_are_likelier_than_those_of_expectation_maximisation(n_rows, seed):
    probabilities, generator = draw_probabilities(n_rows, seed)
    training_shares = generator.dirichlet(np.full(3, 3.0))
    weights = generator.integers(1, 4, size=n_rows).astype(np.float64)

    def loss(shares):
        evidence = (probabilities / training_shares) @ np.clip(shares, 0, 1)
        return -weights @ np.log(evidence) / weights.sum()

    found = expectation_maximisation(probabilities, training_shares, weights[:, None]).shares[:, 0]
    sum_to_one = {"type": "eq", "fun": lambda shares: shares.sum() - 1}
    wanted = minimize(loss, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints=sum_to_one)
    assert found.sum() == pytest.approx(1)
    assert loss(found) <= loss(wanted.x / wanted.x.sum()) + 1e-4


@pytest.mark.parametrize("apart", [1.0, 2.0])
def test_right_probabilities_give_known_shares_back(make_world, target_shares, apart):
    world = make_world(apart)
    gold, logits = world.draw(target_shares, 4000, seed=1)
    asked = softmax(logits, axis=1), world.training_shares, once(4000)
    found = expectation_maximisation(*asked)
    assert found.converged
    assert total_variation(found.shares[:, 0], label_shares(gold, 4)) < 0.02
    assert total_variation(world.training_shares, target_shares) == pytest.approx(0.4)
    # Counting takes the model's mistakes for labels, and the likelier labels of training for more.
    counted = classify_and_count(*asked).shares[:, 0]
    assert total_variation(counted, label_shares(gold, 4)) > 0.08


@given(st.integers(1, 40), st.integers(0, 10**6))
def test_without_shift_the_training_shares_come_back(n_rows, seed):
    """Probabilities whose mean is the training shares are calibrated: no round moves anything."""
    probabilities, _ = draw_probabilities(n_rows, seed)
    shares = probabilities.mean(axis=0)
    found = expectation_maximisation(probabilities, shares, once(n_rows))
    assert found.converged
    assert found.shares[:, 0] == pytest.approx(shares)


@pytest.mark.parametrize("estimate", [expectation_maximisation, classify_and_count])
def test_weights_are_rows_that_are_repeated_or_missing(estimate):
    probabilities, generator = draw_probabilities(50, seed=1)
    training_shares = np.array([0.5, 0.3, 0.2])
    weights = generator.multinomial(50, np.full(50, 1 / 50), size=3).T
    together = estimate(probabilities, training_shares, weights.astype(np.float64)).shares
    assert together.shape == (3, 3)
    for draw in range(3):
        rows = probabilities[np.repeat(np.arange(50), weights[:, draw])]
        alone = estimate(rows, training_shares, once(50)).shares[:, 0]
        assert together[:, draw] == pytest.approx(alone, abs=1e-3)


def test_a_label_that_training_lacks_has_no_share():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.1, 0.7, 0.2], [0.0, 0.0, 1.0]])
    found = expectation_maximisation(probabilities, np.array([0.5, 0.5, 0.0]), once(3))
    assert found.shares[2, 0] == 0
    assert found.shares.sum() == pytest.approx(1)


def test_a_weak_model_that_is_too_sure_makes_labels_vanish(make_world, target_shares):
    world = make_world(0.5)
    _, logits = world.draw(target_shares, 3000, seed=1, sharpness=4)
    asked = world.training_shares, once(3000)
    found = expectation_maximisation(softmax(logits, axis=1), *asked).shares[:, 0]
    honest = expectation_maximisation(softmax(logits / 4, axis=1), *asked).shares[:, 0]
    assert target_shares[1] == 0.2
    assert found[1] < 0.001
    assert honest[1] > 0.1


def test_rounds_that_end_too_early_are_told(monkeypatch, make_world, target_shares):
    world = make_world(1.0)
    _, logits = world.draw(target_shares, 500, seed=1)
    monkeypatch.setattr("klue_pipeline.relation.shift.estimators.MAX_ITERATIONS", 2)
    found = expectation_maximisation(softmax(logits, axis=1), world.training_shares, once(500))
    assert not found.converged


def test_predictions_are_counted_by_hand():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.2, 0.5, 0.3]])
    weights = np.array([[1.0, 3.0], [1.0, 0.0], [1.0, 1.0]])
    found = classify_and_count(probabilities, np.array([0.2, 0.2, 0.6]), weights)
    assert found.converged
    np.testing.assert_allclose(found.shares, [[1 / 3, 3 / 4], [2 / 3, 1 / 4], [0, 0]])


@given(st.integers(0, 10**6))
def test_total_variation_is_the_most_that_any_set_of_labels_differs(seed):
    first, second = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=2)
    sets = [[label for label in range(4) if number >> label & 1] for number in range(16)]
    most = max(abs(first[own].sum() - second[own].sum()) for own in sets)
    assert total_variation(first, second) == pytest.approx(most)
