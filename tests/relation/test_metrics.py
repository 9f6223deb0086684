"""KLUE's metrics, against scikit-learn and against numbers worked out by hand."""

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import accuracy_score, auc, f1_score, log_loss, precision_recall_curve

from klue_pipeline.relation.metrics import (
    RELATION_METRICS,
    accuracy,
    auprc,
    auprc_per_label,
    cross_entropy,
    micro_f1,
    score_metrics,
)

LABELS = 5


@st.composite
def judged_rows(draw):
    """Gold ids and logits of 1 to 60 rows; coarse scores make ties common."""
    rows = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    grain = draw(st.sampled_from([1, 4, 1000]))
    logits = rng.integers(-3 * grain, 3 * grain + 1, size=(rows, LABELS)) / grain
    return rng.integers(0, draw(st.integers(1, LABELS)), size=rows), logits.astype(np.float32)


def klue_auprc(gold, probabilities):
    """KLUE-baseline's ``klue_re_auprc``, averaged over the labels that occur."""
    areas = []
    for label_id in np.unique(gold):
        precision, recall, _ = precision_recall_curve(gold == label_id, probabilities[:, label_id])
        areas.append(auc(recall, precision))
    return np.mean(areas) * 100


@given(judged_rows(), st.sampled_from([None, 0, 3]))
@settings(max_examples=60, deadline=None)
def test_metrics_are_those_of_scikit_learn(rows, negative_id):
    gold, logits = rows
    predicted = logits.argmax(axis=1)
    # The same softmax on both sides: another one breaks ties by its own rounding.
    probabilities = softmax(logits.astype(np.float64), axis=1)
    relations = [label_id for label_id in range(LABELS) if label_id != negative_id]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = f1_score(gold, predicted, labels=relations, average="micro", zero_division=0)
        expected = {
            "micro_f1": f1 * 100,
            "auprc": klue_auprc(gold, probabilities),
            "accuracy": accuracy_score(gold, predicted) * 100,
            "loss": log_loss(gold, probabilities, labels=range(LABELS)),
        }
    assert score_metrics(logits, gold, negative_id) == pytest.approx(expected)
    assert list(expected) == list(RELATION_METRICS)


def test_micro_f1_by_hand():
    # gold relations: rows 1 to 4; predicted relations: rows 0, 1, 2, 4; correct: rows 1 and 4.
    gold, predicted = [0, 1, 2, 3, 1], [2, 1, 1, 0, 1]
    assert micro_f1(gold, predicted, negative_id=0) == pytest.approx(100 * 2 * 2 / (4 + 4))
    assert micro_f1(gold, predicted, negative_id=None) == pytest.approx(accuracy(gold, predicted))


def test_auprc_by_hand_is_a_trapezoid_and_not_average_precision():
    # Label 1, best first: right, wrong, right. Points (recall, precision): (0, 1), (1/2, 1),
    # (1/2, 1/2), (1, 2/3); area 1/2 + 1/2 * (1/2 + 2/3) / 2. Average precision would be 5/6.
    probabilities = np.array([[0.1, 0.9], [0.3, 0.7], [0.6, 0.4]])
    areas = auprc_per_label([1, 0, 1], probabilities)
    assert areas[1] == pytest.approx(100 * (1 / 2 + 7 / 24))
    # Label 0, best first: wrong, right, wrong: (0, 1), (0, 0), (1, 1/2), (1, 1/3).
    assert areas[0] == pytest.approx(100 / 4)
    assert auprc([1, 0, 1], probabilities) == pytest.approx(areas.mean())


def test_rows_of_equal_score_enter_the_curve_together():
    everything_ties = np.full((4, 2), 0.5)
    # One step from (0, 1) to (1, share of the label); any order of the rows gives the same.
    assert auprc_per_label([1, 0, 0, 0], everything_ties) == pytest.approx([87.5, 62.5])
    assert auprc_per_label([0, 0, 0, 1], everything_ties) == pytest.approx([87.5, 62.5])


def test_a_label_without_rows_is_left_out_of_the_mean():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.2, 0.1, 0.7]])
    areas = auprc_per_label([0, 2], probabilities)
    assert np.isnan(areas).tolist() == [False, True, False]
    assert auprc([0, 2], probabilities) == 100


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([1, 2], [0, 0], 0.0),  # nothing predicted
        ([0, 0], [0, 0], 0.0),  # no relation anywhere: scikit-learn's zero_division=0
        ([0, 0], [1, 0], 0.0),
        ([1], [1], 100.0),
    ],
)
def test_micro_f1_of_degenerate_rows(gold, predicted, expected):
    assert micro_f1(gold, predicted, negative_id=0) == expected


def test_one_row_is_enough():
    metrics = score_metrics(np.array([[0.0, 0.0]]), [1], negative_id=0)
    # argmax of a tie is the first label, so the row is wrong; its curve is one step at precision 1.
    assert metrics == pytest.approx(
        {"micro_f1": 0.0, "auprc": 100.0, "accuracy": 0.0, "loss": np.log(2)}
    )


def test_loss_of_extreme_scores_is_finite():
    assert cross_entropy([1], np.array([[60000.0, -60000.0]], dtype=np.float32)) == 120000


def test_half_precision_scores_are_judged_in_double_precision():
    logits = np.array([[1.0, 2.0], [3.0, -1.0]])
    exact = score_metrics(logits, [1, 0], None)
    assert score_metrics(logits.astype(np.float16), [1, 0], None) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("logits", "gold", "message"),
    [
        (np.zeros((0, 2)), [], "no rows"),
        (np.zeros((2, 2)), [0], "one id per row"),
        (np.zeros((2, 2)), [0, 2], "run from 0 to 2.*0 to 1"),
        (np.zeros((1, 2)), [-1], "run from -1"),
        (np.array([[0.0, np.nan], [0.0, 1.0]]), [0, 1], "1 of 2 rows.*learning_rate"),
        (np.array([[0.0, np.inf]]), [0], "not finite"),
    ],
)
def test_bad_input_is_refused(logits, gold, message):
    with pytest.raises(ValueError, match=message):
        score_metrics(logits, np.array(gold, dtype=np.int64), negative_id=0)


def test_predictions_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one id per row"):
        micro_f1([0, 1], [0], negative_id=0)


def test_all_of_klue_takes_less_than_a_second():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(32_470, 30)).astype(np.float32)
    gold = rng.integers(0, 30, size=len(logits))
    start = time.process_time()
    score_metrics(logits, gold, negative_id=0)
    assert time.process_time() - start < 1
