"""What is told of one experiment: plain, shift-aware, and expected of its submission."""

import json
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.shift.prediction import GAP_IN_WORDS, flat_estimates, from_flat
from klue_pipeline.relation.shift.prior import resolve_prior
from klue_pipeline.relation.shift.report import report_shift, tell_scores

LABELS = LabelSet(names=["no_relation", "per:title", "per:spouse", "org:members"],
                  negative="no_relation")  # fmt: skip
METRICS = ("micro_f1", "auprc", "accuracy")
N_ROWS, N_TEST_ROWS, N_FOLDS = 1500, 1000, 3
SHARES = dict(zip(LABELS.names, [0.6, 0.2, 0.05, 0.15], strict=True))


@pytest.fixture
def world(make_world):
    return make_world(2.0)


@pytest.fixture
def scores(world, label):
    """Out-of-fold rows with their true labels."""
    truth, logits = world.draw(world.training_shares, N_ROWS, 1)
    return label(logits, truth)


@pytest.fixture
def folds(world, make_scores, target_shares):
    """Test scores of three models, each wrong in its own way."""
    _, logits = world.draw(target_shares, N_TEST_ROWS, 2)
    noise = np.random.default_rng(3).normal(size=(N_FOLDS, *logits.shape))
    return [make_scores(logits + errors) for errors in noise]


@pytest.fixture
def given_prior(make_evaluation):
    return make_evaluation(source="given", shares=SHARES)


def report_by(scores, folds, params):
    """Report under the prior that the settings say."""
    prior = resolve_prior(scores, average_probabilities(folds), LABELS, params)
    return report_shift(scores, folds, prior, params)


@pytest.fixture
def report(scores, folds, given_prior):
    return report_by(scores, folds, given_prior)


def test_plain_scores_are_those_of_the_rows_with_their_intervals(scores, report):
    metrics = score_metrics(scores.table.logits, scores.truth, 0)
    flat = report["intervals"]
    assert set(flat) == {f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")}
    for name in METRICS:
        assert flat[name] == pytest.approx(metrics[name])
        assert flat[f"{name}_low"] < metrics[name] < flat[f"{name}_high"]


def test_shift_aware_scores_are_what_such_rows_really_give(report, world, target_shares):
    """The oracle: as many rows of the target as make chance small, and their true labels."""
    truth, logits = world.draw(target_shares, 60_000, 9)
    really = score_metrics(logits, truth, 0)
    for name in ("micro_f1", "accuracy"):
        found, plain = report["shift_aware"][name], report["intervals"][name]
        assert found == pytest.approx(really[name], abs=2.5)
        assert abs(plain - really[name]) > 2 * abs(found - really[name])
        assert report["shift_aware"][f"{name}_low"] < really[name]
        assert really[name] < report["shift_aware"][f"{name}_high"]


def test_the_numbers_are_those_of_the_judgement(scores, folds, given_prior, report):
    prior = resolve_prior(scores, average_probabilities(folds), LABELS, given_prior)
    judged = judge({"": scores}, prior.population, given_prior)[""].estimates()
    assert report["prior"] == prior.report
    for name in METRICS:
        for part, key in (("intervals", name), ("shift_aware", f"shift_{name}")):
            assert from_flat(report[part])[name] == judged[key]


def test_the_submission_is_expected_to_be_better_by_what_averaging_brings(report):
    gains = report["averaging_gain"]["gains"]
    assert gains["accuracy"] > 0
    for name in METRICS:
        wanted = report["shift_aware"][name] + gains[name]
        assert report["predicted"][name] == pytest.approx(wanted)
        low, high = (report["predicted"][f"{name}{end}"] for end in ("_low", "_high"))
        assert low < report["predicted"][name] < high


def test_one_fold_has_nothing_to_average(scores, folds, given_prior):
    alone = report_by(scores, folds[:1], given_prior)
    assert alone["averaging_gain"] is None
    for name in METRICS:
        assert alone["predicted"][name] == alone["shift_aware"][name]


def test_without_a_target_the_plain_score_is_expected(scores, folds, make_evaluation, caplog):
    with caplog.at_level(logging.INFO):
        found = report_by(scores, folds[:1], make_evaluation(source="none"))
    assert found["shift_aware"] is None
    assert found["prior"]["refusal"] == "evaluation.target_prior.source is none"
    assert found["predicted"]["auprc"] == found["intervals"]["auprc"]
    assert "shift-aware" not in caplog.text
    (line,) = tell_scores(found)
    assert line.startswith("expected on the test rows, with labels distributed as in training: ")


def test_the_log_tells_the_shift_aware_score_and_the_prior(scores, folds, given_prior, caplog):
    with caplog.at_level(logging.INFO):
        found = report_by(scores, folds[:1], given_prior)
    shifted = found["shift_aware"]
    assert (
        "shift-aware, prior given, 60.0% without a relation (1,000 rows): micro F1 "
        f"{shifted['micro_f1']:.2f} [{shifted['micro_f1_low']:.2f}, {shifted['micro_f1_high']:.2f}]"
    ) in caplog.text


def test_the_confidence_gap_stands_beside_the_prediction(report):
    ends = ("", "_low", "_high")
    expected = [
        report["predicted"][f"{name}{end}"] for name in ("micro_f1", "auprc") for end in ends
    ]
    gap = report["averaging_gain"]["confidence_gap"]
    wanted = (
        "expected on the test rows: micro F1 {:.2f} [{:.2f}, {:.2f}], "
        "AUPRC {:.2f} [{:.2f}, {:.2f}], {}"
    )
    in_words = f"confidence gap {gap:.1f}"
    assert tell_scores(report) == [wanted.format(*expected, in_words), GAP_IN_WORDS]
    of_one_label = report | {"averaging_gain": report["averaging_gain"] | {"confidence_gap": None}}
    (line,) = tell_scores(of_one_label)
    assert line.endswith("no confidence gap: all test rows get one label")


def test_the_report_is_plain_json(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report


numbers = st.floats(0, 100)


@given(st.dictionaries(st.sampled_from(METRICS), st.builds(Estimate, numbers, numbers, numbers)))
def test_flat_numbers_give_the_estimates_back(estimates):
    flat = flat_estimates(estimates)
    assert len(flat) == 3 * len(estimates)
    assert from_flat(flat) == estimates
