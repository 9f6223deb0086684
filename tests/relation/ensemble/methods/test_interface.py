"""The mean that most methods rest on."""

import numpy as np
import pytest

from klue_pipeline.relation.ensemble.methods.interface import equal_weights, weighted_mean


def test_equal_weights_sum_to_one():
    assert equal_weights(4).tolist() == [0.25] * 4


def test_a_weighted_mean_by_hand():
    said = np.log([[[0.5, 0.5], [0.9, 0.1]], [[0.1, 0.9], [0.4, 0.6]]]).astype(np.float32)
    mean = weighted_mean(said, np.array([0.75, 0.25]))
    np.testing.assert_allclose(mean, [[0.4, 0.6], [0.775, 0.225]], rtol=1e-6)


def test_weights_count_by_their_proportions():
    said = np.log([[[0.5, 0.5]], [[0.1, 0.9]]]).astype(np.float32)
    np.testing.assert_allclose(weighted_mean(said, np.array([3.0, 1.0])), [[0.4, 0.6]], rtol=1e-6)


def test_members_without_weight_are_not_looked_at():
    said = np.log([[[0.2, 0.8]], [[np.nan, np.nan]]]).astype(np.float32)
    mean = weighted_mean(said, np.array([1.0, 0.0]))
    np.testing.assert_allclose(mean, [[0.2, 0.8]], rtol=1e-6)


def test_every_member_needs_a_weight(draw_rows):
    with pytest.raises(ValueError, match="shorter"):
        weighted_mean(draw_rows(n_members=2).said, equal_weights(1))
