"""Weighted metrics against scikit-learn, and against metrics of rows really repeated."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, auc, f1_score, precision_recall_curve

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.resampled_metrics import METRICS, ResampledMetrics

LABELS = ("no_relation", "per:title", "per:spouse", "org:members")


def make_scores(logits):
    ids = np.arange(len(logits)).astype(object)
    return ScoreTable(ids, np.asarray(logits, dtype=np.float32), LABELS)


def draw_case(n_rows, seed, n_values=4):
    """Gold ids, and scores that know them a little; few values, so that there are many ties."""
    generator = np.random.default_rng(seed)
    gold = generator.integers(len(LABELS), size=n_rows)
    logits = generator.integers(n_values, size=(n_rows, len(LABELS))).astype(np.float64)
    logits[np.arange(n_rows), gold] += 1
    return gold, make_scores(logits), generator


def scikit_learn_metrics(gold, scores, negative, weights):
    """KLUE's scores by scikit-learn; the area is averaged over the labels that count."""
    predicted = scores.logits.argmax(axis=1)
    relations = [label_id for label_id in range(len(LABELS)) if label_id != negative]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = f1_score(gold, predicted, labels=relations, average="micro", zero_division=0,
                      sample_weight=weights)  # fmt: skip
        areas = []
        for label_id in np.unique(gold[weights > 0]):
            precision, recall, _ = precision_recall_curve(
                gold == label_id, scores.probabilities[:, label_id], sample_weight=weights
            )
            areas.append(auc(recall, precision))
    right = accuracy_score(gold, predicted, sample_weight=weights)
    return {"micro_f1": 100 * f1, "auprc": 100 * np.mean(areas), "accuracy": 100 * right}


def at_draw(found, draw):
    return {name: own[draw] for name, own in found.items()}


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 10**6), st.sampled_from([None, 0, 2]))
def test_weights_of_one_give_the_metrics_themselves(n_rows, seed, negative):
    gold, scores, _ = draw_case(n_rows, seed)
    found = ResampledMetrics(LabelledScores(scores, gold, negative))(np.ones((n_rows, 1)))
    assert list(found) == list(METRICS)
    wanted = score_metrics(scores.logits, gold, negative)
    assert at_draw(found, 0) == pytest.approx({name: wanted[name] for name in METRICS}, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 25), st.integers(0, 10**6))
def test_weights_are_rows_that_are_repeated_or_missing(n_rows, seed):
    """Also where a draw has lost every row of a label, or every relation."""
    gold, scores, generator = draw_case(n_rows, seed)
    weights = generator.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=5).T
    found = ResampledMetrics(LabelledScores(scores, gold, 0))(weights.astype(np.float64))
    for draw in range(5):
        rows = np.repeat(np.arange(n_rows), weights[:, draw])
        wanted = score_metrics(scores.logits[rows], gold[rows], 0)
        assert at_draw(found, draw) == pytest.approx(
            {name: wanted[name] for name in METRICS}, abs=1e-9
        )


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**6), st.sampled_from([None, 0, 2]))
def test_fractional_weights_are_those_of_scikit_learn(n_rows, seed, negative):
    gold, scores, generator = draw_case(n_rows, seed)
    weights = generator.uniform(0.1, 5, size=(n_rows, 3))
    weights[generator.random((n_rows, 3)) < 1 / 3] = 0
    weights[generator.integers(n_rows)] = 0.7  # never nothing at all
    found = ResampledMetrics(LabelledScores(scores, gold, negative))(weights)
    for draw in range(3):
        wanted = scikit_learn_metrics(gold, scores, negative, weights[:, draw])
        assert at_draw(found, draw) == pytest.approx(wanted, abs=1e-6)


def test_by_hand():
    """Of three rows the second is wrong; it counts half as much as the first, the third twice."""
    gold = np.array([1, 2, 0])
    scores = make_scores([[0, 9, 0, 0], [0, 9, 0, 0], [9, 0, 0, 0]])
    found = at_draw(
        ResampledMetrics(LabelledScores(scores, gold, 0))(np.array([[1.0], [0.5], [2.0]])), 0
    )
    # Gold relations weigh 1.5, predicted ones 1.5, correct ones 1; correct rows 3 of 3.5.
    assert found["micro_f1"] == pytest.approx(100 * 2 * 1 / 3)
    assert found["accuracy"] == pytest.approx(100 * 3 / 3.5)
    # Label 0 comes first. Rows 0 and 1 tie for label 1, and all three for label 2, so that these
    # curves are one step from precision 1 to what the tied rows have of the label.
    areas = [1.0, (1 + 1 / 1.5) / 2, (1 + 0.5 / 3.5) / 2]
    assert found["auprc"] == pytest.approx(100 * np.mean(areas))


def test_single_precision_is_near_double_precision():
    gold, scores, generator = draw_case(2000, seed=1, n_values=1000)
    weights = generator.uniform(0, 5, size=(2000, 4))
    metrics = ResampledMetrics(LabelledScores(scores, gold, 0))
    found, wanted = metrics(weights.astype(np.float32)), metrics(weights)
    for name in METRICS:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)


def test_ruled_out_labels_are_probabilities_of_zero():
    gold, scores, generator = draw_case(60, seed=3)
    scores.logits[generator.random((60, 4)) < 0.3] = -np.inf
    scores.logits[:, 0] = np.maximum(scores.logits[:, 0], 0)
    weights = generator.uniform(0.1, 5, size=(60, 1))
    found = at_draw(ResampledMetrics(LabelledScores(scores, gold, 0))(weights), 0)
    assert found == pytest.approx(scikit_learn_metrics(gold, scores, 0, weights[:, 0]), abs=1e-6)


def test_draws_without_any_relation_have_an_f1_of_zero():
    scores = make_scores([[9, 0, 0, 0], [0, 9, 0, 0]])
    found = ResampledMetrics(LabelledScores(scores, np.array([0, 1]), 0))(
        np.array([[2.0, 1.0], [0.0, 1.0]])
    )
    assert found["micro_f1"].tolist() == [0.0, 100.0]
    assert found["accuracy"].tolist() == [100.0, 100.0]
    # The label without weight is left out of the mean of the first draw.
    assert found["auprc"].tolist() == [100.0, 100.0]
