"""The mean that most methods rest on, and the score that blends are chosen by."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, auc, f1_score, precision_recall_curve

from klue_pipeline.relation.ensemble.methods.interface import (
    Objective,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.settings.evaluation_params import ScoreName


def test_a_weighted_mean_by_hand():
    members = np.log([[[0.5, 0.5], [0.9, 0.1]], [[0.1, 0.9], [0.4, 0.6]]]).astype(np.float32)
    mean = weighted_mean(members, np.array([0.75, 0.25]))
    np.testing.assert_allclose(mean, [[0.4, 0.6], [0.775, 0.225]], rtol=1e-6)


def test_weights_count_by_their_proportions():
    members = np.log([[[0.5, 0.5]], [[0.1, 0.9]]]).astype(np.float32)
    np.testing.assert_allclose(
        weighted_mean(members, np.array([3.0, 1.0])), [[0.4, 0.6]], rtol=1e-6
    )


def test_members_without_weight_are_not_looked_at():
    members = np.log([[[0.2, 0.8]], [[np.nan, np.nan]]]).astype(np.float32)
    mean = weighted_mean(members, np.array([1.0, 0.0]))
    np.testing.assert_allclose(mean, [[0.2, 0.8]], rtol=1e-6)


def test_every_member_needs_a_weight(draw_rows):
    with pytest.raises(ValueError, match="shorter"):
        weighted_mean(draw_rows(n_members=2).log_probabilities, equal_weights(1))


NAMES = get_args(ScoreName)
KINDS = ("micro_f1", "auprc", "accuracy")


def micro_f1(guessed, gold, weights):
    relations = np.arange(1, guessed.shape[1])
    return f1_score(
        gold, guessed.argmax(axis=1), labels=relations, average="micro", sample_weight=weights
    )


def auprc(guessed, gold, weights):
    curves = [
        precision_recall_curve(gold == label, guessed[:, label], sample_weight=weights)
        for label in np.unique(gold)
    ]
    return np.mean([auc(recall, precision) for precision, recall, _ in curves])


def accuracy(guessed, gold, weights):
    return accuracy_score(gold, guessed.argmax(axis=1), sample_weight=weights)


ORACLES = {"micro_f1": micro_f1, "auprc": auprc, "accuracy": accuracy}


def test_the_names_are_those_of_the_settings():
    assert set(NAMES) == {*KINDS, *(f"shift_{kind}" for kind in KINDS)}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_shift_aware_scores_weigh_rows_and_plain_ones_do_not(kind, seed, draw_rows):
    rows = draw_rows(n_rows=40, seed=seed)
    guessed = np.exp(rows.log_probabilities[0]).astype(np.float64)
    plain = Objective(kind, 0)(guessed, rows.gold_ids, rows.weights)
    shifted = Objective(f"shift_{kind}", 0)(guessed, rows.gold_ids, rows.weights)
    assert plain == pytest.approx(100 * ORACLES[kind](guessed, rows.gold_ids, None))
    assert shifted == pytest.approx(100 * ORACLES[kind](guessed, rows.gold_ids, rows.weights))


def test_an_objective_by_hand():
    """Predicted 1, 1, 0, 2 of 1, 0, 1, 2: two relations found, three predicted, three there."""
    guessed = np.eye(3)[[1, 1, 0, 2]]
    gold, weights = np.array([1, 0, 1, 2]), np.array([1.0, 1.0, 0.0, 2.0])
    assert Objective("micro_f1", 0)(guessed, gold, weights) == pytest.approx(200 * 2 / (3 + 3))
    # Without the missed relation: weight 3 found, 4 predicted, 3 there.
    assert Objective("shift_micro_f1", 0)(guessed, gold, weights) == pytest.approx(200 * 3 / 7)
    assert Objective("accuracy", 0)(guessed, gold, weights) == 50
    assert Objective("shift_accuracy", 0)(guessed, gold, weights) == 75
    # Every label is a relation where none is negative.
    assert Objective("micro_f1", None)(guessed, gold, weights) == 50


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([0.25, 2.0, 1024.0]))
def test_only_order_counts(name, seed, size, draw_rows):
    """Sizes are powers of two, so that no tie comes or goes by rounding."""
    rows = draw_rows(n_rows=30, seed=seed)
    guessed, objective = np.exp(rows.log_probabilities[0]), Objective(name, 0)
    wanted = objective(guessed, rows.gold_ids, rows.weights)
    found = objective(guessed * np.float32(size), rows.gold_ids, rows.weights)
    assert found == pytest.approx(wanted, rel=1e-12)
