"""A submission's scores: what rows like the target's give, and what averaging adds."""

import json
from dataclasses import astuple, replace

import numpy as np
import pytest

from klue_pipeline.evaluation.intervals import Estimate, Judgement
from klue_pipeline.relation.shift.averaging import AveragingGain
from klue_pipeline.relation.shift.prediction import (
    as_json,
    from_json,
    predict_submission,
)

GAIN = AveragingGain({"micro_f1": 2.0, "auprc": 4.0, "accuracy": 0.0}, 0.0)


def judge(n_draws=20_000, confidence=0.95, **values):
    """A judgement without any luck: every draw is the value."""
    return Judgement(
        values, {name: np.full(n_draws, own) for name, own in values.items()}, confidence
    )


PLAIN = {"micro_f1": 60.0, "auprc": 70.0, "accuracy": 80.0}
SHIFTED = {"shift_micro_f1": 50.0, "shift_auprc": 65.0, "shift_accuracy": 75.0}


def test_the_gain_is_added_and_its_uncertainty_with_it():
    found = predict_submission(judge(**PLAIN), GAIN, seed=1)
    assert list(found) == ["micro_f1", "auprc", "accuracy"]
    # The gain may be half as large or half as large again; 95 % of that is 0.525 to 1.475 of it.
    f1 = found["micro_f1"]
    assert f1.value == 62
    assert (f1.low, f1.high) == pytest.approx((60 + 0.525 * 2, 60 + 1.475 * 2), abs=0.03)
    assert found["accuracy"] == Estimate(80, 80, 80)


def test_a_confidence_gap_is_a_doubt_downwards_and_moves_nothing_else():
    without = predict_submission(judge(**PLAIN), GAIN, seed=1)
    with_gap = predict_submission(judge(**PLAIN), replace(GAIN, confidence_gap=3.0), seed=1)
    for name, own in with_gap.items():
        assert own == replace(without[name], low=without[name].low - 3)
    hopeless = predict_submission(judge(**PLAIN), replace(GAIN, confidence_gap=99.0), seed=1)
    assert hopeless["micro_f1"].low == 0


def test_scores_of_the_target_go_before_plain_ones():
    found = predict_submission(judge(**PLAIN, **SHIFTED), GAIN, seed=1)
    assert {name: own.value for name, own in found.items()} == {
        "micro_f1": 52,
        "auprc": 69,
        "accuracy": 75,
    }
    assert found["micro_f1"].high < 60


def test_without_a_gain_it_is_the_judgement_itself():
    generator = np.random.default_rng(0)
    draws = {name: own + generator.normal(size=500) for name, own in PLAIN.items()}
    judgement = Judgement(PLAIN, draws, 0.9)
    for name, found in predict_submission(judgement, None, seed=1).items():
        wanted = judgement.estimate(name)
        assert astuple(found) == pytest.approx(astuple(wanted))


def test_the_interval_lies_around_the_value_wherever_the_draws_lie():
    """Rows that a draw repeats raise its AUPRC; that says nothing about the submission."""
    judgement = Judgement(PLAIN, {name: np.linspace(83, 87, 401) for name in PLAIN}, 0.9)
    auprc = predict_submission(judgement, None, seed=1)["auprc"]
    assert astuple(auprc) == pytest.approx((70, 68.2, 71.8))


def test_luck_and_gain_add_up():
    """Variances of independent causes do: 1.5 squared, and 4 squared over 12."""
    generator = np.random.default_rng(0)
    draws = {name: own + 1.5 * generator.normal(size=20_000) for name, own in PLAIN.items()}
    # 68.27 % are one standard deviation to either side.
    auprc = predict_submission(Judgement(PLAIN, draws, 0.6827), GAIN, seed=1)["auprc"]
    assert (auprc.high - auprc.low) / 2 == pytest.approx(np.sqrt(1.5**2 + 4**2 / 12), rel=0.05)
    assert (auprc.high + auprc.low) / 2 == pytest.approx(74, abs=0.1)


def test_no_score_leaves_the_scale():
    high = predict_submission(judge(micro_f1=99.5, auprc=99.0, accuracy=100.0), GAIN, seed=1)
    assert (high["micro_f1"].value, high["micro_f1"].high) == (100, 100)
    assert high["accuracy"] == Estimate(100, 100, 100)
    loss = AveragingGain(dict.fromkeys(PLAIN, -3.0), 0.0)
    low = predict_submission(judge(micro_f1=1.0, auprc=1.0, accuracy=1.0), loss, seed=1)
    assert low["micro_f1"] == Estimate(0, 0, 0)


def test_estimates_can_be_written_as_json_and_read_again():
    estimates = predict_submission(judge(**PLAIN), GAIN, seed=1)
    written = json.loads(json.dumps(as_json(estimates)))
    assert written["accuracy"] == {"value": 80.0, "low": 80.0, "high": 80.0}
    assert from_json(written) == estimates
