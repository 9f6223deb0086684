"""The calibration error against a loop over bins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from klue_pipeline.evaluation.calibration.reliability import (
    calibration_error,
    expected_calibration_error,
    reliability_table,
    tabulate_confidence,
)


def draw_case(n_rows, seed):
    generator = np.random.default_rng(seed)
    probabilities = softmax(2 * generator.normal(size=(n_rows, 4)), axis=1)
    return probabilities, generator.integers(4, size=n_rows)


@given(st.integers(1, 60), st.integers(0, 10**6), st.integers(1, 20), st.booleans())
def test_it_is_the_mean_gap_over_bins(n_rows, seed, n_bins, weighted):
    probabilities, gold = draw_case(n_rows, seed)
    weights = np.random.default_rng(seed).random(n_rows) if weighted else np.ones(n_rows)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == gold
    wanted = 0.0
    for low, high in zip(
        np.linspace(0, 1, n_bins + 1)[:-1], np.linspace(0, 1, n_bins + 1)[1:], strict=True
    ):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            own = weights[inside]
            gap = abs(own @ correct[inside] - own @ confidence[inside]) / own.sum()
            wanted += 100 * gap * own.sum() / weights.sum()
    found = expected_calibration_error(probabilities, gold, n_bins, weights if weighted else None)
    assert found == pytest.approx(wanted)


def test_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
    table = reliability_table(probabilities, [1, 0, 1, 1], n_bins=4)
    assert table["low"].tolist() == [0, 25, 50, 75]
    assert table["high"].tolist() == [25, 50, 75, 100]
    # 0.5 is the upper end of its bin; the best of two equal labels is the first.
    assert table["rows"].tolist() == [0, 1, 0, 3]
    assert table["share"].tolist() == [0, 0.25, 0, 0.75]
    assert table["mean_confidence"].tolist() == pytest.approx([np.nan, 50, np.nan, 90], nan_ok=True)
    assert table["accuracy"].tolist() == pytest.approx([np.nan, 0, np.nan, 200 / 3], nan_ok=True)
    assert calibration_error(table) == pytest.approx(0.25 * 50 + 0.75 * (90 - 200 / 3))


def test_weights_are_rows_that_are_repeated_or_missing():
    probabilities, gold = draw_case(40, 0)
    weights = np.random.default_rng(1).integers(0, 3, size=40)
    rows = np.repeat(np.arange(40), weights)
    found = reliability_table(probabilities, gold, weights=weights)
    wanted = reliability_table(probabilities[rows], gold[rows])
    for name in ("share", "mean_confidence", "accuracy"):
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-9)


@pytest.mark.parametrize("row", [[0.5, np.nan], [0.7, 0.7], [2.0, -1.0], [5.0, 3.0]])
def test_what_is_not_a_probability_is_refused(row):
    with pytest.raises(ValueError, match="1 of 2 rows are not probabilities"):
        expected_calibration_error(np.array([[0.4, 0.6], row]), [0, 1])


def test_other_bad_input_is_refused():
    probabilities = np.array([[0.4, 0.6]])
    with pytest.raises(ValueError, match="n_bins=0"):
        expected_calibration_error(probabilities, [0], n_bins=0)
    with pytest.raises(ValueError, match="true label ids for 1"):
        expected_calibration_error(probabilities, [0, 1])
    with pytest.raises(ValueError, match="weights of shape"):
        expected_calibration_error(probabilities, [0], weights=[1.0, 1.0])
    with pytest.raises(ValueError, match="no rows to judge"):
        expected_calibration_error(np.empty((0, 2)), [])


def test_predictions_of_any_kind_can_be_sure_below_a_half():
    table = tabulate_confidence([0.1, 0.2, 0.9, 0.0], [False, True, True, False], n_bins=2)
    assert table["rows"].tolist() == [3, 1]
    assert table["mean_confidence"].tolist() == pytest.approx([10, 90])
    assert table["accuracy"].tolist() == pytest.approx([100 / 3, 100])
    for confidence in ([1.01], [np.nan], [-0.1]):
        with pytest.raises(ValueError, match="1 of 1 confidences are not within 0 to 1"):
            tabulate_confidence(confidence, [True])
    with pytest.raises(ValueError, match=r"shapes \(0,\)"):
        tabulate_confidence([], [])
