"""The score that blends are chosen by, against scikit-learn: which rows count, and how much."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, auc, f1_score, precision_recall_curve

from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.settings.evaluation_params import ScoreName

NAMES = get_args(ScoreName)
KINDS = ("micro_f1", "auprc", "accuracy")


def micro_f1(told, gold, weights):
    relations = np.arange(1, told.shape[1])
    return f1_score(
        gold, told.argmax(axis=1), labels=relations, average="micro", sample_weight=weights
    )


def auprc(told, gold, weights):
    curves = [
        precision_recall_curve(gold == label, told[:, label], sample_weight=weights)
        for label in np.unique(gold)
    ]
    return np.mean([auc(recall, precision) for precision, recall, _ in curves])


def accuracy(told, gold, weights):
    return accuracy_score(gold, told.argmax(axis=1), sample_weight=weights)


ORACLES = {"micro_f1": micro_f1, "auprc": auprc, "accuracy": accuracy}


def test_the_names_are_those_of_the_settings():
    assert set(NAMES) == {*KINDS, *(f"shift_{kind}" for kind in KINDS)}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_shift_aware_scores_weigh_rows_and_plain_ones_do_not(kind, seed, draw_rows):
    rows = draw_rows(n_rows=40, seed=seed)
    told = np.exp(rows.said[0]).astype(np.float64)
    plain = Objective(kind, 0)(told, rows.gold_ids, rows.weights)
    shifted = Objective(f"shift_{kind}", 0)(told, rows.gold_ids, rows.weights)
    assert plain == pytest.approx(100 * ORACLES[kind](told, rows.gold_ids, None))
    assert shifted == pytest.approx(100 * ORACLES[kind](told, rows.gold_ids, rows.weights))


def test_by_hand():
    """Predicted 1, 1, 0, 2 of 1, 0, 1, 2: two relations found, three predicted, three there."""
    told = np.eye(3)[[1, 1, 0, 2]]
    gold, weights = np.array([1, 0, 1, 2]), np.array([1.0, 1.0, 0.0, 2.0])
    assert Objective("micro_f1", 0)(told, gold, weights) == pytest.approx(200 * 2 / (3 + 3))
    # Without the missed relation: weight 3 found, 4 predicted, 3 there.
    assert Objective("shift_micro_f1", 0)(told, gold, weights) == pytest.approx(200 * 3 / 7)
    assert Objective("accuracy", 0)(told, gold, weights) == 50
    assert Objective("shift_accuracy", 0)(told, gold, weights) == 75
    # Every label is a relation where none is negative.
    assert Objective("micro_f1", None)(told, gold, weights) == 50


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([0.25, 2.0, 1024.0]))
def test_only_order_counts(name, seed, size, draw_rows):
    """Sizes are powers of two, so that no tie comes or goes by rounding."""
    rows = draw_rows(n_rows=30, seed=seed)
    told, objective = np.exp(rows.said[0]), Objective(name, 0)
    wanted = objective(told, rows.gold_ids, rows.weights)
    found = objective(told * np.float32(size), rows.gold_ids, rows.weights)
    assert found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_shift_aware_is_what_its_name_says(name):
    assert Objective(name, 0).is_shift_aware == name.startswith("shift_")
