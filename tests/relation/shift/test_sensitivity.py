"""A curve that passes through what is known, and bends nowhere it must not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.klue import accuracy, auprc, micro_f1, score_metrics
from klue_pipeline.relation.shift.sensitivity import NEGATIVE_SHARES, tabulate_sensitivity
from klue_pipeline.relation.shift.weights import (
    effective_rows,
    label_shares,
    shift_weights,
    with_negative_share,
)

NEGATIVE = 1
METRICS = ("micro_f1", "auprc", "accuracy")


def draw_case(counts, seed=0, skill=1.0):
    """As many rows of each label as counted, and scores that know them a little."""
    generator = np.random.default_rng(seed)
    gold = np.repeat(np.arange(len(counts)), counts)
    logits = generator.normal(size=(len(gold), len(counts)))
    logits[np.arange(len(gold)), gold] += skill
    ids = np.arange(len(gold)).astype(object)
    labels = tuple(f"label_{number}" for number in range(len(counts)))
    table = ScoreTable(ids, logits.astype(np.float32), labels)
    return LabelledScores(table, gold, NEGATIVE)


@pytest.fixture(scope="module")
def params(make_evaluation):
    return make_evaluation()


@pytest.fixture(scope="module")
def case():
    """Three rows in ten are negative, which is one of the curve's points."""
    return draw_case([20, 30, 40, 10])


def test_at_the_share_of_training_it_is_the_plain_score(case, params):
    curve = tabulate_sensitivity(case, params).set_index("negative_share")
    plain = score_metrics(case.table.logits, case.truth, NEGATIVE)
    assert curve.loc[0.3, list(METRICS)].to_dict() == pytest.approx(
        {name: plain[name] for name in METRICS}
    )
    assert curve.loc[0.3, "effective_rows"] == pytest.approx(100)
    assert curve["effective_rows"].idxmax() == 0.3


def test_every_point_is_the_score_of_weighed_rows(case, params):
    curve = tabulate_sensitivity(case, params)
    assert curve["negative_share"].tolist() == list(NEGATIVE_SHARES)
    gold, predicted, training = case.truth, case.predicted, label_shares(case.truth, 4)
    for line in curve.itertuples():
        target = with_negative_share(line.negative_share, NEGATIVE, training)
        weights = shift_weights(gold, target)
        assert line.micro_f1 == pytest.approx(micro_f1(gold, predicted, NEGATIVE, weights))
        assert line.auprc == pytest.approx(auprc(gold, case.table.probabilities, weights))
        assert line.accuracy == pytest.approx(accuracy(gold, predicted, weights))
        assert line.effective_rows == pytest.approx(effective_rows(weights))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_accuracy_goes_straight_from_that_of_relations_to_that_of_the_negative(params, seed):
    case = draw_case([8, 12, 5], seed)
    curve, gold = tabulate_sensitivity(case, params), case.truth
    is_correct = gold == case.predicted
    of_relations = 100 * is_correct[gold != NEGATIVE].mean()
    of_negative = 100 * is_correct[gold == NEGATIVE].mean()
    shares = curve["negative_share"].to_numpy()
    wanted = shares * of_negative + (1 - shares) * of_relations
    np.testing.assert_allclose(curve["accuracy"], wanted)


def test_more_negative_rows_mean_a_lower_f1(case, params):
    """The relations found stay a share of all relations; what is wrongly taken for one grows."""
    f1 = tabulate_sensitivity(case, params)["micro_f1"]
    assert (np.diff(f1) < 0).all()


def test_intervals_hold_the_score_and_widen_where_rows_count_unequally(case, params):
    curve = tabulate_sensitivity(case, params).set_index("negative_share")
    for name in ("micro_f1", "accuracy"):
        assert (curve[f"{name}_low"] <= curve[name]).all()
        assert (curve[name] <= curve[f"{name}_high"]).all()
    assert curve.filter(regex="_(low|high)$").to_numpy().min() >= 0
    assert curve.filter(regex="_(low|high)$").to_numpy().max() <= 100
    width = curve["accuracy_high"] - curve["accuracy_low"]
    assert width[0.95] > width[0.3] > 0


@pytest.mark.parametrize(
    ("counts", "negative"), [([0, 9, 0], NEGATIVE), ([4, 0, 5], NEGATIVE), ([4, 9, 5], None)]
)
def test_rows_that_are_all_negative_or_all_not_have_no_curve(params, counts, negative):
    curve = tabulate_sensitivity(replace(draw_case(counts), negative_id=negative), params)
    assert len(curve) == 0
    assert curve.columns.tolist() == [
        "negative_share", "effective_rows", "micro_f1", "micro_f1_low", "micro_f1_high",
        "auprc", "auprc_low", "auprc_high", "accuracy", "accuracy_low", "accuracy_high",
    ]  # fmt: skip
    whole = tabulate_sensitivity(draw_case([2, 2, 2]), params)
    assert whole.columns.equals(curve.columns)
    assert whole.dtypes.equals(curve.dtypes)


def test_one_row_of_each_kind_is_enough(params):
    """Draws that lost one of them are judged by the other."""
    curve = tabulate_sensitivity(draw_case([1, 1, 0], skill=9.0), params)
    assert curve["accuracy"].tolist() == [100.0] * 19
    assert curve["micro_f1"].tolist() == [100.0] * 19
    # A draw without any relation has an F1 of 0; the band lies around the value all the same.
    assert (curve["micro_f1_low"] < 50).all()
    assert (curve["micro_f1_high"] == 100).all()
    assert np.isfinite(curve.to_numpy()).all()
