"""The best bias against all others, and that no fold chooses its own."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.decoding import (
    add_negative_bias,
    fit_negative_bias,
    nested_negative_bias,
)
from klue_pipeline.relation.metrics.klue import micro_f1

INF = np.inf


def f1_with(logits, gold, negative, bias):
    biased = np.array(logits, dtype=np.float64)
    biased[:, negative] += bias
    return micro_f1(gold, biased.argmax(axis=1), negative)


def draw_case(n_rows, seed, with_ruled_out=False):
    """Scores on a grid of halves, so that rows often have the same margin."""
    generator = np.random.default_rng(seed)
    gold = generator.integers(4, size=n_rows)
    logits = (generator.integers(-4, 5, size=(n_rows, 4)) / 2).astype(np.float32)
    logits[np.arange(n_rows), gold] += generator.integers(0, 3)
    if with_ruled_out:
        logits[generator.random((n_rows, 4)) < 0.4] = -INF
        logits[np.isinf(logits).all(axis=1), generator.integers(4)] = 0
    return logits, gold


def all_thresholds(logits, negative):
    """The middle between any two neighbouring margins, and 1 beyond the outermost."""
    margins = np.delete(logits, negative, axis=1).max(axis=1) - logits[:, negative]
    ends = np.unique(margins[np.isfinite(margins)])
    if not len(ends):
        return [0.0]
    return [ends[0] - 1, *((ends[1:] + ends[:-1]) / 2), ends[-1] + 1]


@given(st.integers(1, 30), st.integers(0, 10**6), st.integers(0, 3), st.booleans())
def test_no_bias_is_better(n_rows, seed, negative, with_ruled_out):
    """Margins are multiples of a half; the grid lies between them, and so do all thresholds."""
    logits, gold = draw_case(n_rows, seed, with_ruled_out)
    found = fit_negative_bias(logits, gold, negative)
    grid = max(f1_with(logits, gold, negative, bias) for bias in np.arange(-12.25, 12.5, 0.5))
    if f1_with(logits, gold, negative, 0) >= grid:
        assert found == 0
    else:
        tried = all_thresholds(logits, negative)
        best = [bias for bias in tried if f1_with(logits, gold, negative, bias) == grid]
        assert f1_with(logits, gold, negative, found) == grid
        assert abs(found) == min(map(abs, best))


def test_it_is_the_middle_of_the_best_step():
    """Margins 5, 3, -1 and -3; the best is to take the first three rows only."""
    logits = np.array([[0, 5, 0], [0, 0, 3], [0, -1, -2], [0, -3, -4]])
    assert fit_negative_bias(logits, [1, 2, 1, 0], 0) == -2
    assert f1_with(logits, [1, 2, 1, 0], 0, -2) == 100
    assert fit_negative_bias(logits, [1, 0, 0, 0], 0) == 4


def test_beyond_all_rows_it_is_one_further():
    logits = np.array([[0.0, -2.0], [0.0, -3.0]])
    assert fit_negative_bias(logits, [1, 1], 0) == -4


def test_of_equally_good_steps_it_is_the_nearest_to_none():
    """Taking the first row gives 2 * 1 / (1 + 3), taking all five 2 * 2 / (5 + 3)."""
    logits = np.array([[0, margin] for margin in (-1.0, -2.0, -3.0, -4.0, -5.0)])
    gold = [1, 0, 0, 0, 1]
    extra = np.array([[0.0, -INF]])
    logits, gold = np.vstack([logits, extra]), [*gold, 1]
    steps = {bias: f1_with(logits, gold, 0, bias) for bias in (-1.5, -2.5, -3.5, -4.5, -6.0)}
    assert steps[-1.5] == steps[-6.0] == max(steps.values()) == 50
    assert fit_negative_bias(logits, gold, 0) == -1.5


def test_a_bias_that_gains_nothing_is_none():
    right = np.array([[0.0, 2.0], [1.0, 0.0]])
    assert fit_negative_bias(right, [1, 0], 0) == 0
    assert fit_negative_bias(np.array([[0.0, -1.0], [0.0, -2.0]]), [0, 0], 0) == 0


def test_margins_that_no_bias_can_bridge_are_left_out():
    logits = np.array([[-INF, 1.0], [0.0, -INF], [0.0, -1.0]])
    assert fit_negative_bias(logits, [1, 1, 1], 0) == -2
    assert fit_negative_bias(logits[:2], [0, 1], 0) == 0


@pytest.mark.parametrize(
    ("logits", "gold", "message"),
    [
        ([[0.0, np.nan]], [0], "not numbers"),
        ([[-INF, -INF]], [0], "no label that is not ruled out"),
        ([[0.0, 1.0]], [0, 1], "true label ids for 1"),
        ([[0.0, 1.0]], [2], "columns for 0 to 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(logits, gold, message):
    with pytest.raises(ValueError, match=message):
        fit_negative_bias(np.array(logits), gold, 0)


def score(logits, folds=None, row_ids=None):
    ids = row_ids or [f"r{row}" for row in range(len(logits))]
    folds = None if folds is None else np.array(folds)
    return ScoreTable(
        np.array(ids, dtype=object),
        np.asarray(logits, dtype=np.float32),
        ("a", "b", "c", "d"),
        folds,
    )


def test_a_bias_moves_the_negative_label_only():
    scores = score([[0, 1, 2, 3], [-INF, 1, 0, 0]])
    found = add_negative_bias(scores, 0, 2.5)
    assert found.logits.dtype == np.float32
    assert found.logits.tolist() == [[2.5, 1, 2, 3], [-INF, 1, 0, 0]]
    assert scores.logits[0, 0] == 0
    with pytest.raises(ValueError, match="a finite number was wanted"):
        add_negative_bias(scores, 0, INF)


def test_each_fold_gets_what_is_best_for_the_others():
    logits, gold = draw_case(90, 5)
    logits[:, 0] += 2.25
    folds = np.arange(90) % 3
    scores = score(logits, folds)
    found = nested_negative_bias(scores, gold, 0)
    added = found.logits[:, 0] - logits[:, 0]
    for fold in range(3):
        wanted = fit_negative_bias(logits[folds != fold], gold[folds != fold], 0)
        assert added[folds == fold].tolist() == pytest.approx([wanted] * 30)
        assert wanted < 0
    np.testing.assert_array_equal(found.logits[:, 1:], logits[:, 1:])


def test_a_row_that_two_folds_held_out_is_fitted_on_for_neither():
    """What fold 1 says of r0 and r1 would tell fold 0 about rows that it is judged on."""
    ids = ["r0", "r1", "r0", "r1", "r2", "r3"]
    logits = [[0, 1, 0, 0], [0, 1, 0, 0], [9, 0, 0, 0], [9, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0]]
    scores = score(logits, [0, 0, 1, 1, 1, 1], ids)
    gold = np.array([1, 1, 1, 1, 1, 0])
    found = nested_negative_bias(scores, gold, 0)
    # Fold 0 learns from r2 and r3 alone: a bias between -2 and -4.
    assert (found.logits[:2, 0]).tolist() == [-3, -3]


def test_a_single_hold_out_is_left_as_it_is_and_says_so(caplog):
    logits, gold = draw_case(10, 0)
    with caplog.at_level(logging.WARNING):
        found = nested_negative_bias(score(logits, [0] * 10), gold, 0)
    np.testing.assert_array_equal(found.logits, logits)
    assert "fold_0: no rows but its own were scored" in caplog.text
