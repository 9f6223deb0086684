"""The temperature against a general minimiser, and that no fold judges itself."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from klue_pipeline.evaluation.calibration.temperature import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    apply_fold_temperatures,
    apply_temperature,
    cross_fitted_temperatures,
    fit_temperature,
    log_loss,
)
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores

LABELS = ("no_relation", "per:title", "per:spouse")
INF = np.inf


def draw_case(n_rows, sharpness, seed, n_labels=3):
    """Labels drawn from the softmax of some scores, and these scores too sharp or too flat."""
    generator = np.random.default_rng(seed)
    honest = generator.normal(size=(n_rows, n_labels)) * 1.5
    reached = softmax(honest, axis=1).cumsum(axis=1) > generator.random((n_rows, 1))
    return (honest * sharpness).astype(np.float32), reached.argmax(axis=1)


def score(logits, folds=None, row_ids=None):
    ids = row_ids if row_ids is not None else [f"r{row}" for row in range(len(logits))]
    folds = None if folds is None else np.asarray(folds, dtype=np.int64)
    return ScoreTable(np.array(ids, dtype=object), logits, LABELS, folds)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_the_sharpness_of_honest_scores_is_found_again(sharpness):
    assert fit_temperature(*draw_case(20_000, sharpness, 0)) == pytest.approx(sharpness, rel=0.03)


@settings(max_examples=20)
@given(st.integers(2, 60), st.floats(0.2, 8), st.integers(0, 10**6), st.booleans())
def test_it_is_where_a_general_minimiser_ends(n_rows, sharpness, seed, weighted):
    logits, gold = draw_case(n_rows, sharpness, seed)
    weights = np.random.default_rng(seed).random(n_rows) if weighted else np.ones(n_rows)

    def loss(log_temperature):
        logarithms = log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -weights @ logarithms[np.arange(n_rows), gold] / weights.sum()

    found = fit_temperature(logits, gold, weights if weighted else None)
    ends = np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)
    wanted = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-9})
    assert loss(np.log(found)) <= wanted.fun + 1e-9


def test_weights_are_rows_that_are_repeated_or_missing():
    logits, gold = draw_case(50, 2.0, 1)
    weights = np.random.default_rng(0).integers(0, 4, size=50)
    rows = np.repeat(np.arange(50), weights)
    repeated = fit_temperature(logits[rows], gold[rows])
    assert fit_temperature(logits, gold, weights) == pytest.approx(repeated)
    assert log_loss(logits, gold, weights) == pytest.approx(log_loss(logits[rows], gold[rows]))


def test_a_ruled_out_label_is_as_if_it_were_not_there():
    logits, gold = draw_case(200, 2.0, 2)
    wider = np.column_stack([logits, np.full(200, -INF, dtype=np.float32)])
    assert fit_temperature(wider, gold) == pytest.approx(fit_temperature(logits, gold))
    assert log_loss(wider, gold) == pytest.approx(log_loss(logits, gold))


@pytest.mark.parametrize("ruled_out", [-INF, -1e4])
def test_a_true_label_that_was_ruled_out_does_not_move_the_temperature(ruled_out):
    """As minus infinity, or as head type_restricted writes it."""
    logits, gold = draw_case(200, 2.0, 3)
    wanted = fit_temperature(logits, gold)
    bad_row = np.array([[1.0, 0.5, ruled_out]], dtype=np.float32)
    logits, gold = np.vstack([logits, bad_row]), np.append(gold, 2)
    assert fit_temperature(logits, gold) == pytest.approx(wanted)


def test_a_true_label_that_was_ruled_out_costs_what_single_precision_takes_for_zero():
    logits = np.array([[0.0, -INF], [0.0, 0.0]])
    wanted = (-np.log(np.finfo(np.float32).tiny) + np.log(2)) / 2
    assert log_loss(logits, [1, 0]) == pytest.approx(wanted)


def test_log_loss_is_scikit_learns():
    logits, gold = draw_case(50, 2.0, 4)
    weights = np.random.default_rng(0).random(50)
    wanted = sklearn.metrics.log_loss(
        gold, softmax(logits.astype(np.float64), axis=1), sample_weight=weights, labels=[0, 1, 2]
    )
    assert log_loss(logits, gold, weights) == pytest.approx(wanted)


def test_models_without_a_best_temperature():
    gold = np.array([0, 1, 2])
    right = 3 * np.eye(3)
    assert fit_temperature(right, gold) == LOWEST_TEMPERATURE
    assert fit_temperature(np.roll(right, 1, axis=1), gold) == HIGHEST_TEMPERATURE
    assert fit_temperature(np.ones((3, 3)), gold) == 1.0
    only_ruled_out = np.where(np.eye(3, dtype=bool), -INF, 0.0)
    assert fit_temperature(only_ruled_out, gold) == 1.0


@pytest.mark.parametrize(
    ("logits", "gold", "weights", "message"),
    [
        ([[np.nan, 0.0]], [0], None, "not numbers"),
        ([[-INF, -INF]], [0], None, "no label that is not ruled out"),
        ([[0.0, 1.0]], [2], None, "columns for 0 to 1"),
        ([[0.0, 1.0]], [0, 1], None, "2,"),
        ([[0.0, 1.0]], [0], [1.0, 2.0], r"weights of shape \(2,\) for 1 rows"),
        ([[0.0, 1.0]], [0], [-1.0], "0 or more"),
        ([[0.0, 1.0]], [0], [0.0], "not all 0"),
        ([[0.0, 1.0]], [0], [np.nan], "finite"),
        (np.empty((0, 2)), [], None, "no scored rows"),
    ],
)
def test_what_cannot_be_fitted_is_refused(logits, gold, weights, message):
    for function in (fit_temperature, log_loss):
        with pytest.raises(ValueError, match=message):
            function(np.array(logits), np.array(gold, dtype=np.int64), weights)


def test_a_temperature_flattens_and_changes_no_prediction():
    logits, _ = draw_case(50, 2.0, 5)
    logits[0, 2] = -INF
    scores = score(logits)
    cooled = apply_temperature(scores, 4.0)
    assert cooled.logits.dtype == np.float32
    np.testing.assert_allclose(cooled.probabilities, softmax(logits / 4.0, axis=1), atol=1e-6)
    assert cooled.probabilities[0, 2] == 0
    assert cooled.predictions.tolist() == scores.predictions.tolist()
    for broken in (0.0, -1.0, np.nan, INF):
        with pytest.raises(ValueError, match="a positive number was wanted"):
            apply_temperature(scores, broken)


def test_each_fold_is_scaled_by_what_the_others_say():
    logits, gold = draw_case(300, 2.0, 6)
    folds = np.arange(300) % 3
    scores = score(logits, folds)
    found = cross_fitted_temperatures(LabelledScores(scores, gold, 0))
    for fold in range(3):
        others = folds != fold
        assert found[fold] == pytest.approx(fit_temperature(logits[others], gold[others]))
    scaled = apply_fold_temperatures(scores, found)
    wanted = logits / np.array([found[fold] for fold in folds])[:, None]
    np.testing.assert_allclose(scaled.logits, wanted, rtol=1e-6)


def test_what_a_fold_holds_out_never_reaches_its_temperature():
    """Row 0 was held out by both folds: fold 0 must not read what fold 1 said of it either."""
    logits, gold = draw_case(100, 2.0, 7)
    scores = score(
        np.vstack([logits[:50], logits[:1], logits[50:]]),
        [0] * 50 + [1] * 51,
        [f"r{row}" for row in [*range(50), 0, *range(50, 100)]],
    )
    labelled = LabelledScores(scores, np.insert(gold, 50, gold[0]), 0)
    wanted, other = cross_fitted_temperatures(labelled).values()
    poisoned = scores.logits.copy()
    poisoned[:51] = 30 * np.eye(3)[0]
    found = cross_fitted_temperatures(labelled.with_table(replace(scores, logits=poisoned)))
    assert found[0] == wanted
    assert found[1] != pytest.approx(other)


def test_a_single_hold_out_stays_uncalibrated_and_says_so(caplog):
    logits, gold = draw_case(20, 2.0, 8)
    scores = score(logits, [0] * 20)
    with caplog.at_level(logging.WARNING):
        found = cross_fitted_temperatures(LabelledScores(scores, gold, 0))
    assert found == {0: None}
    assert "for 1 of 1 folds" in caplog.text
    np.testing.assert_array_equal(apply_fold_temperatures(scores, found).logits, logits)


def test_temperatures_of_other_folds_are_refused():
    scores = score(draw_case(4, 1.0, 9)[0], [0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"temperatures of folds \[0\]; rows of fold 1"):
        apply_fold_temperatures(scores, {0: 1.0})
    with pytest.raises(ValueError, match=r"temperature 0\.0"):
        apply_fold_temperatures(scores, {0: 1.0, 1: 0.0})
    with pytest.raises(ValueError, match="without folds"):
        apply_fold_temperatures(replace(scores, folds=None), {0: 1.0})
