"""Expected scores against real ones, where every label is certain or the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc, precision_recall_curve

from klue_pipeline.relation.metrics.klue import accuracy, auprc, micro_f1
from klue_pipeline.relation.shift.confidence import (
    Believed,
    expect_scores,
    soft_area,
    threshold_scores,
)

SEEDS = st.integers(0, 10**6)


def draw_rows(seed, n_labels=4):
    """Labels of some rows, rankings of which many tie, and weights of which some are 0."""
    generator = np.random.default_rng(seed)
    n_rows = int(generator.integers(2, 60))
    gold = generator.integers(n_labels, size=n_rows)
    ranking = generator.integers(1, 5, size=(n_rows, n_labels)) / 4
    weights = generator.integers(4, size=n_rows) / 7
    weights[generator.integers(n_rows)] += 1
    return gold, ranking, weights / weights.sum()


def believe(probabilities, ranking=None, weights=None, negative_id=0):
    n_rows = len(probabilities)
    even = np.full(n_rows, 1 / n_rows)
    return Believed(
        np.asarray(probabilities),
        np.asarray(probabilities if ranking is None else ranking),
        even if weights is None else weights,
        negative_id,
    )


@given(SEEDS)
def test_the_area_of_certain_labels_is_that_of_scikit_learn(seed):
    gold, ranking, weights = draw_rows(seed)
    is_positive = gold == gold[weights.argmax()]
    precision, recall, _ = precision_recall_curve(is_positive, ranking[:, 0], sample_weight=weights)
    found = soft_area(ranking[:, 0], is_positive.astype(float), weights)
    assert found == pytest.approx(auc(recall, precision))


def test_the_area_of_likely_labels_by_hand():
    # Precision 0.8, then 1.2 / 2 = 0.6; recall 0.8 / 1.2 = 2 / 3, then 1.
    found = soft_area(np.array([0.9, 0.1]), np.array([0.8, 0.4]), np.array([0.5, 0.5]))
    assert found == pytest.approx((1 + 0.8) / 2 * 2 / 3 + (0.8 + 0.6) / 2 / 3)
    # Two that tie enter together: from precision 1 to 0.6.
    tied = soft_area(np.array([0.9, 0.9]), np.array([0.8, 0.4]), np.array([0.5, 0.5]))
    assert tied == pytest.approx(0.8)


def test_a_label_that_no_row_may_have_has_no_area():
    assert soft_area(np.array([0.9, 0.1]), np.zeros(2), np.full(2, 0.5)) == 0
    assert soft_area(np.array([0.9, 0.1]), np.ones(2), np.zeros(2)) == 0


@given(SEEDS, st.sampled_from([0, None]))
def test_certain_labels_are_scored_as_true_ones(seed, negative):
    gold, ranking, weights = draw_rows(seed)
    believed = believe(np.eye(4)[gold], ranking, weights, negative)
    found = expect_scores(believed, np.unique(gold[weights > 0]))
    predicted = ranking.argmax(axis=1)
    assert found == pytest.approx(
        {
            "micro_f1": micro_f1(gold, predicted, negative, weights),
            "auprc": auprc(gold, ranking, weights),
            "accuracy": accuracy(gold, predicted, weights),
        }
    )


def test_what_a_calibrated_model_expects_comes_true(make_world, label):
    world = make_world(2.0)
    gold, logits = world.draw(world.training_shares, 20_000, 1)
    probabilities = label(logits, gold).table.probabilities
    found = expect_scores(believe(probabilities), np.arange(4))
    predicted = probabilities.argmax(axis=1)
    assert found["micro_f1"] == pytest.approx(micro_f1(gold, predicted, 0), abs=1)
    assert found["auprc"] == pytest.approx(auprc(gold, probabilities), abs=1)
    assert found["accuracy"] == pytest.approx(accuracy(gold, predicted), abs=1)


@pytest.mark.parametrize("sharpness", [1.0, 3.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_threshold_gives_the_scores_of_the_same_rows_back(
    make_world, label, sharpness, weighted
):
    """However sure of itself the model is: only the order of rows counts."""
    world = make_world(2.0)
    gold, logits = world.draw(world.training_shares, 1000, 1, sharpness)
    known = label(logits, gold)
    weights = np.random.default_rng(2).random(1000) if weighted else np.ones(1000)
    weights /= weights.sum()
    rows = believe(known.table.probabilities, weights=weights)
    found = threshold_scores(known, rows, rows, float(weights @ (gold != 0)))
    assert found == pytest.approx(
        {
            "micro_f1": micro_f1(gold, known.predicted, 0, weights),
            "accuracy": accuracy(gold, known.predicted, weights),
        },
        abs=0.5,
    )


def test_fewer_test_rows_above_the_threshold_are_fewer_right_ones(label):
    """Three of four are right, so that the threshold is the third confidence, 0.7."""
    share = np.array([0.9, 0.8, 0.7, 0.6])
    known = label(np.log(np.column_stack([1 - share, share, *np.full((2, 4), 1e-9)])), [1, 1, 1, 0])
    test = np.array([0.95, 0.65, 0.65, 0.65])
    asked = believe(np.column_stack([1 - test, test]))
    found = threshold_scores(known, believe(known.table.probabilities), asked, relations=0.75)
    itself = believe(known.table.probabilities)
    assert threshold_scores(known, itself, itself, relations=0.75)["accuracy"] == 75
    # A quarter of all rows is right, all are predicted to have a relation, and 0.75 have one.
    assert found == pytest.approx({"micro_f1": 200 * 0.25 / 1.75, "accuracy": 25.0})


def test_no_predicted_relation_is_an_f1_of_zero(label):
    known = label(np.log(np.tile([0.7, 0.1, 0.1, 0.1], (4, 1))), [0, 1, 0, 0])
    rows = believe(known.table.probabilities)
    assert threshold_scores(known, rows, rows, relations=0.25)["micro_f1"] == 0
    assert expect_scores(rows, np.arange(2))["micro_f1"] == 0
