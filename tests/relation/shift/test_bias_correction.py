"""Calibration that agrees with the shares of labels, against a naive optimiser."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from klue_pipeline.relation.shift.bias_correction import (
    BiasCorrection,
    fit_bias_correction,
    fit_negative_bias,
)
from klue_pipeline.relation.shift.weights import (
    label_shares,
    shift_weights,
    with_negative_share,
)

INF = np.inf


def draw_case(n_rows, seed, n_labels=3, distortion=1.0, biases=0.0):
    """Labels drawn from the softmax of some scores, and these scores distorted."""
    generator = np.random.default_rng(seed)
    honest = 1.5 * generator.normal(size=(n_rows, n_labels))
    gold = (softmax(honest, axis=1).cumsum(axis=1) > generator.random((n_rows, 1))).argmax(axis=1)
    return honest * distortion + biases, gold, softmax(honest, axis=1)


def loss_of(probabilities, gold):
    return -np.log(probabilities[np.arange(len(gold)), gold]).mean()


def test_the_correction_by_hand():
    correction = BiasCorrection(0.5, np.array([0.0, np.log(3)]))
    # Square roots of 0.2 and 0.8 are 1 to 2; times 1 and 3 they are 1 to 6.
    found = correction(np.log([[0.2, 0.8], [0.8, 0.2]]))
    np.testing.assert_allclose(found, [[1 / 7, 6 / 7], [2 / 5, 3 / 5]])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 4))
def test_mean_probabilities_are_the_shares_of_labels(seed, distortion):
    logits, gold, _ = draw_case(300, seed, 4, distortion, np.array([1.0, -1.0, 0.5, 0.0]))
    found = fit_bias_correction(logits, gold)(logits)
    np.testing.assert_allclose(found.mean(axis=0), label_shares(gold, 4), atol=2e-3)
    assert loss_of(found, gold) <= loss_of(softmax(logits, axis=1), gold) + 1e-6


@pytest.mark.parametrize("seed", range(1))
def test_it_is_where_a_naive_optimiser_ends(seed):
    logits, gold, _ = draw_case(200, seed, 3, 2.5, np.array([0.0, 2.0, -1.0]))

    def loss(values):
        return -log_softmax(logits * values[0] + values[1:], axis=1)[np.arange(200), gold].mean()

    wanted = minimize(loss, [1.0, 0.0, 0.0, 0.0])
    found = fit_bias_correction(logits, gold)
    assert loss_of(found(logits), gold) == pytest.approx(wanted.fun, abs=1e-4)
    probabilities = softmax(logits * wanted.x[0] + wanted.x[1:], axis=1)
    np.testing.assert_allclose(found(logits), probabilities, atol=0.01)
    assert found.inverse_temperature == pytest.approx(wanted.x[0], abs=0.01)


def test_a_known_distortion_is_undone():
    logits, gold, honest = draw_case(20_000, 1, 3, 3.0, np.array([2.0, 0.0, -1.0]))
    found = fit_bias_correction(logits, gold)
    assert found.inverse_temperature == pytest.approx(1 / 3, rel=0.05)
    assert np.abs(found(logits) - honest).mean() < 0.01


def test_what_is_calibrated_stays_as_it_is():
    logits, gold, honest = draw_case(20_000, 2)
    found = fit_bias_correction(logits, gold)
    assert found.inverse_temperature == pytest.approx(1, abs=0.05)
    assert np.abs(found(logits) - honest).mean() < 0.01


def test_only_differences_of_scores_within_a_row_matter():
    logits, gold, _ = draw_case(100, 3, distortion=2.0)
    moved = logits + np.linspace(-50, 50, 100)[:, None]
    found, of_moved = (fit_bias_correction(own, gold)(own) for own in (logits, moved))
    np.testing.assert_allclose(found, of_moved, atol=1e-4)


def test_a_label_that_no_row_has_gets_next_to_nothing():
    logits, gold, _ = draw_case(300, 4, n_labels=3)
    with_unused = np.column_stack([logits, np.zeros(300)])
    correction = fit_bias_correction(with_unused, gold)
    assert np.isfinite(correction.biases).all()
    found = correction(with_unused).mean(axis=0)
    assert found == pytest.approx([*label_shares(gold, 3), 0], abs=0.003)


def test_one_label_alone_is_believed():
    logits, _, _ = draw_case(50, 5)
    correction = fit_bias_correction(logits, np.full(50, 2))
    assert np.isfinite(correction.biases).all()
    assert correction(logits)[:, 2].min() > 0.9


def test_a_label_that_is_ruled_out_stays_out():
    logits, gold, _ = draw_case(300, 6)
    ruled_out = np.where(gold == 2, 0, 2)
    masked = logits.copy()
    masked[np.arange(300), ruled_out] = -INF
    found = fit_bias_correction(masked, gold)(masked)
    assert found[np.arange(300), ruled_out].max() < 1e-6
    np.testing.assert_allclose(found.mean(axis=0), label_shares(gold, 3), atol=2e-3)


def test_a_true_label_that_is_ruled_out_costs_something_finite():
    logits, gold, _ = draw_case(300, 7)
    logits[0, gold[0]] = -INF
    correction = fit_bias_correction(logits, gold)
    assert np.isfinite([correction.inverse_temperature, *correction.biases]).all()
    assert np.isfinite(correction(logits)).all()


@pytest.mark.parametrize("row", [[0.0, np.nan], [0.0, INF], [-INF, -INF]])
def test_scores_without_probabilities_are_refused(row):
    with pytest.raises(ValueError, match="1 of 2 rows have scores that are not numbers"):
        fit_bias_correction(np.array([row, [0.0, 1.0]]), np.array([0, 1]))


EVEN = np.ones(4000)


@pytest.fixture
def draw_world(make_world, label):
    """Return a function that draws rows of a world with the negative label's share changed."""

    def draw(negative_share=0.3, sharpness=1.0, n_rows=4000):
        world = make_world(2.0)
        shares = with_negative_share(negative_share, 0, world.training_shares)
        return label(*world.draw(shares, n_rows, 1, sharpness)[::-1])

    return draw


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_a_known_sharpness_is_undone_with_one_bias(draw_world, sharpness):
    found = fit_negative_bias(draw_world(sharpness=sharpness), EVEN)
    assert found.inverse_temperature == pytest.approx(1 / sharpness, rel=0.05)
    assert found.biases == pytest.approx([0, 0, 0, 0], abs=0.1)


def test_the_bias_is_that_of_the_negative_share(draw_world):
    """From 0.3 to 0.6: its odds grow from 3 / 7 to 6 / 4, and the other labels keep theirs."""
    wanted = [np.log((0.6 / 0.4) / (0.3 / 0.7)), 0, 0, 0]
    drawn = fit_negative_bias(draw_world(0.6), EVEN)
    assert drawn.biases == pytest.approx(wanted, abs=0.15)
    scores = draw_world()
    target = with_negative_share(0.6, 0, label_shares(scores.truth, 4))
    weighed = fit_negative_bias(scores, shift_weights(scores.truth, target))
    assert weighed.biases == pytest.approx(wanted, abs=0.15)
    assert weighed.inverse_temperature == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("negative", [0, 2, None])
def test_weighted_rows_end_where_a_naive_optimiser_does(draw_world, negative):
    scores = replace(draw_world(sharpness=2.0, n_rows=200), negative_id=negative)
    weights = np.random.default_rng(2).random(200)
    logits, moved = scores.table.logits.astype(np.float64), np.arange(4) == negative

    def loss(values):
        scaled = log_softmax(log_softmax(logits, axis=1) * values[0] + values[1] * moved, axis=1)
        of_gold = scaled[np.arange(200), scores.truth]
        return -np.average(of_gold, weights=weights) + 1e-4 * ((values - [1, 0]) ** 2).sum() / 2

    wanted = minimize(loss, [1.0, 0.0])
    found = fit_negative_bias(scores, weights)
    assert found.inverse_temperature == pytest.approx(wanted.x[0], abs=1e-3)
    assert found.biases == pytest.approx(wanted.x[1] * moved, abs=2e-3)


def test_a_weight_is_a_number_of_rows(draw_world):
    scores = draw_world(0.6, 2.0, n_rows=300)
    times = np.random.default_rng(3).integers(4, size=300)
    weighed = fit_negative_bias(scores, times.astype(float))
    repeated = fit_negative_bias(
        scores.take(np.repeat(np.arange(300), times)), np.ones(times.sum())
    )
    assert weighed.inverse_temperature == pytest.approx(repeated.inverse_temperature, abs=1e-3)
    assert weighed.biases == pytest.approx(repeated.biases, abs=1e-3)


def test_rows_without_the_negative_label_still_have_a_bias(draw_world):
    scores = draw_world()
    of_relations = fit_negative_bias(scores, (scores.truth != 0).astype(float))
    assert np.isfinite(of_relations.biases).all()
    assert of_relations(scores.table.logits)[scores.truth != 0, 0].max() < 0.3


def test_the_negative_bias_copes_with_ruled_out_labels_and_refuses_no_numbers(draw_world):
    scores = draw_world(n_rows=300)
    logits = scores.table.logits.copy()
    logits[scores.truth != 3, 3] = -INF
    logits[0, scores.truth[0]] = -INF
    masked = scores.with_table(replace(scores.table, logits=logits))
    found = fit_negative_bias(masked, np.ones(300))
    assert np.isfinite(found(logits)).all()
    assert found(logits)[1:][scores.truth[1:] != 3, 3].max() < 1e-4
    logits[1, 1] = np.nan
    with pytest.raises(ValueError, match="1 of 300 rows have scores that are not numbers"):
        fit_negative_bias(masked, np.ones(300))
