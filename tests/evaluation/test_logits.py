"""Scores with ruled-out labels, scores that cannot be used, and weights of rows."""

import numpy as np
import pytest
from scipy.special import log_softmax

from klue_pipeline.evaluation.logits import (
    LOG_ZERO,
    log_probabilities,
    read_weights,
    require_label_ids,
    require_usable_logits,
)

INF = np.inf


def test_logarithms_are_those_of_the_softmax_down_to_zero_probability():
    logits = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_allclose(
        log_probabilities(logits), log_softmax(logits.astype(np.float64), axis=1)
    )
    ruled_out = log_probabilities(np.array([[0.0, -INF, -1e4]]))
    assert ruled_out.tolist() == [[0.0, LOG_ZERO, LOG_ZERO]]


@pytest.mark.parametrize("row", [[1.0, np.nan], [1.0, INF], [-INF, -INF]])
def test_rows_without_probabilities_are_refused(row):
    with pytest.raises(ValueError, match="1 of 3 rows have scores that are not numbers"):
        require_usable_logits(np.array([[0.0, 1.0], row, [0.0, -INF]]))


def test_a_ruled_out_label_is_no_error():
    require_usable_logits(np.array([[0.0, -INF]]))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="no scored rows"):
        require_usable_logits(np.empty((0, 3)))


@pytest.mark.parametrize(
    ("gold", "message"),
    [([0], r"\(1,\) true label ids for 2"), ([0, 3], "0 to 3"), ([-1, 0], "-1 to 0")],
)
def test_true_labels_have_to_fit(gold, message):
    with pytest.raises(ValueError, match=message):
        require_label_ids(np.array(gold), np.zeros((2, 3)))


def test_nothing_counts_all_rows_alike():
    assert read_weights(None, 3).tolist() == [1.0, 1.0, 1.0]


def test_what_is_given_is_read_as_real_numbers():
    found = read_weights([2, 0, 1], 3)
    assert found.dtype == np.float64
    assert found.tolist() == [2.0, 0.0, 1.0]


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0], [[1.0], [2.0]], 1.0, []])
def test_weights_that_do_not_fit_the_rows_are_refused(weights):
    with pytest.raises(ValueError, match=r"Found weights of shape \(.*\) for 2 rows"):
        read_weights(weights, 2)


@pytest.mark.parametrize("weights", [[-1e-9, 1], [np.nan, 1], [np.inf, 1], [0, 0]])
def test_weights_that_count_nothing_sensible_are_refused(weights):
    with pytest.raises(ValueError, match="finite numbers of 0 or more, and not all 0"):
        read_weights(weights, 2)
