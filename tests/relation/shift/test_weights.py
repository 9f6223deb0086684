"""Rows weighed until their labels have the target's shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.shift.weights import effective_rows, label_shares, shift_weights


def test_weights_by_hand():
    # Three rows in four have label 0, and one in two shall: 2/3 each; and 2 for the other.
    weights = shift_weights(np.array([0, 0, 1, 0]), np.array([0.5, 0.5]))
    assert weights == pytest.approx([2 / 3, 2 / 3, 2, 2 / 3])


@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 10**6))
def test_weighed_rows_have_the_shares_of_the_target(n_rows, n_labels, seed):
    generator = np.random.default_rng(seed)
    gold = generator.integers(n_labels, size=n_rows)
    target = generator.dirichlet(np.full(n_labels, 1.0))
    weights = shift_weights(gold, target)
    assert weights.mean() == pytest.approx(1)
    judged = np.where(label_shares(gold, n_labels) > 0, target, 0)
    found = np.bincount(gold, weights, minlength=n_labels) / n_rows
    np.testing.assert_allclose(found, judged / judged.sum(), atol=1e-9)


def test_rows_count_by_their_ratios_within_their_label():
    # Label 0 has 4 of 5 parts and shall have half: 1/8 a part; label 1 has the other, and 1/2.
    ratios = np.array([1.0, 3.0, 1.0])
    weights = shift_weights(np.array([0, 0, 1]), np.array([0.5, 0.5]), ratios)
    assert weights == pytest.approx([3 / 8, 9 / 8, 3 / 2])
    # Without a target of their own, they count by their ratios alone.
    alone = shift_weights(np.zeros(3, dtype=np.int64), np.array([1.0]), ratios)
    assert alone == pytest.approx(ratios * 3 / 5)


@given(st.integers(1, 60), st.integers(0, 10**6), st.floats(0.01, 100))
def test_ratios_keep_the_shares_of_the_target_in_any_unit(n_rows, seed, unit):
    generator = np.random.default_rng(seed)
    gold, ratios = generator.integers(3, size=n_rows), generator.uniform(0.05, 20, n_rows)
    target = label_shares(gold, 3)[::-1] + 0.1
    weights = shift_weights(gold, target, ratios)
    found = np.bincount(gold, weights, minlength=3) / n_rows
    judged = np.where(label_shares(gold, 3) > 0, target, 0)
    np.testing.assert_allclose(found, judged / judged.sum(), atol=1e-9)
    np.testing.assert_allclose(shift_weights(gold, target, unit * ratios), weights)
    np.testing.assert_allclose(shift_weights(gold, target, np.ones(n_rows)),
                               shift_weights(gold, target))  # fmt: skip


def test_a_label_of_which_no_row_counts_cannot_be_judged(caplog):
    weights = shift_weights(np.array([0, 1]), np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    assert weights.tolist() == [2, 0]
    assert "50.00% of the target" in caplog.text


@given(st.integers(1, 60), st.integers(0, 10**6))
def test_the_same_shares_weigh_all_rows_alike(n_rows, seed):
    gold = np.random.default_rng(seed).integers(4, size=n_rows)
    assert shift_weights(gold, label_shares(gold, 4)) == pytest.approx(np.ones(n_rows))


def test_what_cannot_be_judged_is_warned_of(caplog):
    weights = shift_weights(np.array([0, 0, 1]), np.array([0.25, 0.5, 0.25]))
    # Of the 0.75 that are left, label 0 has one third.
    assert weights == pytest.approx([0.5, 0.5, 2])
    assert "25.00% of the target has labels that no scored row has" in caplog.text


def test_rows_of_a_label_that_the_target_lacks_weigh_nothing(caplog):
    assert shift_weights(np.array([0, 1]), np.array([1.0, 0.0])).tolist() == [2.0, 0.0]
    assert not caplog.text


@pytest.mark.parametrize("n_others", [1, 6, 10])
def test_a_target_without_any_label_of_the_rows_is_refused(n_others):
    """Also where the others' shares sum to a rounding error below 1, as six sixths do."""
    target = np.append(0.0, np.full(n_others, 1 / n_others))
    with pytest.raises(ValueError, match="No scored row has a label that the target has"):
        shift_weights(np.zeros(3, dtype=np.int64), target)


def test_shares_of_no_rows_are_zero():
    assert label_shares(np.zeros(0, dtype=np.int64), 2).tolist() == [0.0, 0.0]


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=50))
def test_effective_rows_are_at_most_the_rows_and_do_not_depend_on_the_unit(sizes):
    weights = np.array(sizes)
    found = effective_rows(weights)
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    assert effective_rows(7 * weights) == pytest.approx(found)
    assert effective_rows(np.full(len(weights), 3.0)) == pytest.approx(len(weights))
