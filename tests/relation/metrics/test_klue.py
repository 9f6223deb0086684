"""KLUE's metrics, against scikit-learn and against numbers worked out by hand."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import accuracy_score, auc, f1_score, log_loss, precision_recall_curve

from klue_pipeline.relation.metrics.klue import (
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


def klue_areas(gold, probabilities, weights=None):
    """KLUE-baseline's areas of ``klue_re_auprc``, of the labels that occur."""
    counted = np.ones(len(gold)) if weights is None else weights
    areas = {}
    for label_id in np.unique(gold[counted > 0]):
        precision, recall, _ = precision_recall_curve(
            gold == label_id, probabilities[:, label_id], sample_weight=weights
        )
        areas[label_id] = auc(recall, precision) * 100
    return areas


def klue_auprc(gold, probabilities):
    """Their mean."""
    return np.mean(list(klue_areas(gold, probabilities).values()))


def draw_weights(n_rows, generator, *, whole):
    """How much rows count: about one in three not at all, but never none of them."""
    weights = generator.integers(1, 4, size=n_rows) if whole else generator.uniform(0.1, 5, n_rows)
    weights = np.where(generator.random(n_rows) < 1 / 3, 0, weights)
    weights[generator.integers(n_rows)] = 2
    return weights.astype(np.float64)


@given(judged_rows(), st.sampled_from([None, 0, 3]))
@settings(max_examples=30, deadline=None)
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


@given(judged_rows(), st.sampled_from([None, 0, 3]), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_weighted_metrics_are_those_of_scikit_learn(rows, negative_id, seed):
    gold, logits = rows
    predicted, probabilities = logits.argmax(axis=1), softmax(logits.astype(np.float64), axis=1)
    weights = draw_weights(len(gold), np.random.default_rng(seed), whole=False)
    relations = [label_id for label_id in range(LABELS) if label_id != negative_id]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = f1_score(gold, predicted, labels=relations, average="micro", zero_division=0,
                      sample_weight=weights)  # fmt: skip
        areas = klue_areas(gold, probabilities, weights)
    assert micro_f1(gold, predicted, negative_id, weights) == pytest.approx(100 * f1)
    right = accuracy_score(gold, predicted, sample_weight=weights)
    assert accuracy(gold, predicted, weights) == pytest.approx(100 * right)
    wanted = [areas.get(label_id, np.nan) for label_id in range(LABELS)]
    found = auprc_per_label(gold, probabilities, weights)
    assert found == pytest.approx(wanted, nan_ok=True)
    assert auprc(gold, probabilities, weights) == pytest.approx(np.nanmean(wanted))


@given(judged_rows(), st.integers(0, 10**6))
@settings(deadline=None)
def test_whole_weights_are_rows_that_are_repeated_or_missing(rows, seed):
    gold, logits = rows
    predicted, probabilities = logits.argmax(axis=1), softmax(logits.astype(np.float64), axis=1)
    weights = draw_weights(len(gold), np.random.default_rng(seed), whole=True)
    taken = np.repeat(np.arange(len(gold)), weights.astype(np.int64))
    assert micro_f1(gold, predicted, 0, weights) == pytest.approx(
        micro_f1(gold[taken], predicted[taken], 0)
    )
    assert accuracy(gold, predicted, weights) == pytest.approx(
        accuracy(gold[taken], predicted[taken])
    )
    assert auprc_per_label(gold, probabilities, weights) == pytest.approx(
        auprc_per_label(gold[taken], probabilities[taken]), nan_ok=True
    )


def test_weights_by_hand():
    # As in the next test, but the correct relation of row 1 counts three times and row 3 nothing:
    # gold relations weigh 3 + 1 + 0 + 1, predicted ones 1 + 3 + 1 + 1, correct ones 3 + 1.
    gold, predicted, weights = [0, 1, 2, 3, 1], [2, 1, 1, 0, 1], [1, 3, 1, 0, 1]
    assert micro_f1(gold, predicted, 0, weights) == pytest.approx(100 * 2 * 4 / (5 + 6))
    assert accuracy(gold, predicted, weights) == pytest.approx(100 * 4 / 6)


def test_the_best_rows_may_weigh_nothing():
    """The curve starts with the first row that counts."""
    probabilities = np.array([[0.1, 0.9], [0.3, 0.7], [0.6, 0.4]])
    assert auprc_per_label([0, 1, 0], probabilities, [0, 1, 1])[1] == 100


def test_a_label_whose_rows_all_weigh_nothing_is_left_out():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        areas = auprc_per_label([0, 1], probabilities, [1, 0])
    assert np.isnan(areas).tolist() == [False, True]
    assert auprc([0, 1], probabilities, [1, 0]) == 100


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1], r"shape \(1,\) for 2 rows"), ([1, -1], "0 or more"), ([0, 0], "not all 0")],
)
def test_weights_that_do_not_fit_are_refused_by_every_metric(weights, message):
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    for judge in (
        lambda: micro_f1([0, 1], [0, 1], 0, weights),
        lambda: accuracy([0, 1], [0, 1], weights),
        lambda: auprc([0, 1], probabilities, weights),
        lambda: auprc_per_label([0, 1], probabilities, weights),
    ):
        with pytest.raises(ValueError, match=message):
            judge()


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
