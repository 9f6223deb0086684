"""Weights as anybody may give them."""

import numpy as np
import pytest

from klue_pipeline.evaluation.logits import read_weights


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
