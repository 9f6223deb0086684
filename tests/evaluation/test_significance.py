"""McNemar's test by hand and by its definition."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.significance import McNemar, compare_correctness, mcnemar
from klue_pipeline.evaluation.truth import LabelledScores

LABELS = ("no_relation", "per:title", "per:spouse")


def outcomes(both=0, first_only=0, second_only=0, neither=0):
    counts = both, first_only, second_only, neither
    return (
        np.repeat([True, True, False, False], counts),
        np.repeat([True, False, True, False], counts),
    )


def test_by_hand():
    """5 against 1: 2 * (C(6,0) + C(6,1)) / 2**6."""
    found = mcnemar(*outcomes(both=10, first_only=5, second_only=1, neither=4))
    assert found == McNemar(rows=20, first_only=5, second_only=1, p_value=2 * 7 / 64)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_p_is_twice_the_smaller_tail_of_a_fair_coin(first_only, second_only, both):
    found = mcnemar(*outcomes(both, first_only, second_only, neither=1))
    n, least = first_only + second_only, min(first_only, second_only)
    tail = sum(comb(n, k) for k in range(least + 1)) / 2**n
    assert found.p_value == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(*outcomes(both, second_only, first_only, 1)).p_value == found.p_value


def test_with_many_rows_it_is_the_test_with_continuity_correction():
    found = mcnemar(*outcomes(both=30_000, first_only=1250, second_only=1150))
    statistic = (abs(1250 - 1150) - 1) ** 2 / (1250 + 1150)
    assert found.p_value == pytest.approx(chi2.sf(statistic, df=1), rel=0.01)


def test_models_that_are_right_on_the_same_rows_do_not_differ():
    assert mcnemar(*outcomes(both=3, neither=2)) == McNemar(5, 0, 0, 1.0)


@pytest.mark.parametrize("second", [[], [True], [[True, False]]])
def test_outcomes_that_do_not_fit_are_refused(second):
    with pytest.raises(ValueError, match="one per row and model"):
        mcnemar([True, False], second)


def score(predictions, gold, folds=None, row_ids=None):
    folds = np.array(folds if folds is not None else [0] * len(predictions), dtype=np.int64)
    ids = row_ids or [f"r{row}" for row in range(len(predictions))]
    logits = np.eye(3, dtype=np.float32)[predictions]
    table = ScoreTable(np.array(ids, dtype=object), logits, LABELS, folds)
    return LabelledScores(table, np.array([gold[int(row_id[1:])] for row_id in ids]), 0)


def test_the_negative_label_counts_and_rows_may_stand_in_any_order():
    gold = [0, 1, 2, 1]
    first = score([0, 1, 2, 0], gold)
    second = score([0, 1, 0, 1], gold, row_ids=["r3", "r1", "r2", "r0"])
    # Right: the first model on r0, r1 and r2, the second on r1.
    wanted = McNemar(rows=4, first_only=2, second_only=0, p_value=0.5)
    assert compare_correctness(first, second) == wanted


def test_a_sentence_that_several_folds_held_out_counts_once_by_the_lowest_fold():
    rows = {"gold": [1, 1, 1], "folds": [1, 1, 0, 0], "row_ids": ["r0", "r1", "r0", "r2"]}
    # Fold 0 scored r0 and there only the second model is right; r2 is the first model's.
    found = compare_correctness(score([1, 1, 0, 1], **rows), score([0, 1, 1, 0], **rows))
    assert found == McNemar(rows=3, first_only=1, second_only=1, p_value=1.0)


def test_only_folds_that_both_trained_count():
    first = score([1, 1], [1], folds=[0, 1], row_ids=["r0", "r0"])
    second = score([0, 1], [1], folds=[1, 2], row_ids=["r0", "r0"])
    assert compare_correctness(first, second) == McNemar(1, 1, 0, 1.0)


def test_what_cannot_be_compared_is_refused():
    scores = score([0, 1], [0, 1])
    with pytest.raises(ValueError, match="no row in common; train the same folds"):
        compare_correctness(scores, score([0, 1], [0, 1], folds=[1, 1]))
    other = scores.with_table(replace(scores.table, fingerprint={"rows": "2"}))
    with pytest.raises(ValueError, match="rows is None in one and 2 in the other"):
        compare_correctness(scores, other)
    nothing = replace(scores.table, logits=np.full((2, 3), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="2 of 2 rows have scores that are not numbers"):
        compare_correctness(scores, scores.with_table(nothing))
