"""What is told of one experiment: plain, shift-aware, and expected of its submission."""

import json
import logging

import numpy as np
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.shift.averaging import gain_of_submission
from klue_pipeline.relation.shift.prediction import from_flat, predict_submission
from klue_pipeline.relation.shift.prior import resolve_prior
from klue_pipeline.relation.shift.report import report_shift, tell_scores
from klue_pipeline.relation.shift.witnesses import Evidence

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


@pytest.fixture
def texts(make_texts):
    """No scored row has more of its like in the test than in training."""
    return make_texts(np.ones(N_ROWS), auc=0.6)


@pytest.fixture
def report_by(scores, texts):
    """Return a function that reports under the prior that the settings say."""

    def report_of(folds, params, texts=texts):
        prior = resolve_prior(scores, average_probabilities(folds), LABELS, params)
        return report_shift(scores, folds, prior, texts, params)

    return report_of


@pytest.fixture
def report(report_by, folds, given_prior):
    return report_by(folds, given_prior)


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


def test_what_is_predicted_is_that_of_the_rule(scores, folds, texts, given_prior, report):
    """With all witnesses, and with what they know of the texts."""
    prior = resolve_prior(scores, average_probabilities(folds), LABELS, given_prior)
    judgement = judge({"": scores}, prior.population, given_prior)[""]
    gain = gain_of_submission(folds, scores, judgement, prior.population, given_prior.seed)
    evidence = Evidence(scores, judgement, folds, gain, prior.population, texts)
    found = predict_submission(evidence, given_prior)
    assert from_flat(report["predicted"]) == found.estimates
    assert report["not_predicted"] is None
    assert {name: from_flat(flat) for name, flat in report["witnesses"].items()} == found.witnesses
    assert report["text_shift"] == texts.report


def test_labels_say_that_the_submission_is_better_by_what_averaging_brings(report):
    gains = report["averaging_gain"]["gains"]
    assert gains["accuracy"] > 0
    for name in METRICS:
        wanted = report["shift_aware"][name] + gains[name]
        assert report["witnesses"]["labels"][name] == pytest.approx(wanted)


def test_what_cannot_be_predicted_is_said_and_no_score_with_it(
    report_by, folds, given_prior, make_texts
):
    texts = make_texts(np.ones(N_ROWS), unknown_type_pairs=0.5)
    found = report_by(folds[:1], given_prior, texts)
    assert found["predicted"] == {}
    assert found["not_predicted"].startswith("50% of the test rows have a pair of entity types")
    assert set(found["witnesses"]["difference"]) > set(METRICS)
    wanted = f"scores of the test rows cannot be predicted: {found['not_predicted']}"
    assert tell_scores(found) == [wanted]


def test_one_fold_has_nothing_to_average(report_by, folds, given_prior):
    alone = report_by(folds[:1], given_prior)
    assert alone["averaging_gain"] is None
    for name in METRICS:
        assert alone["witnesses"]["labels"][name] == alone["shift_aware"][name]


def test_without_a_target_labels_are_taken_as_in_training(
    report_by, folds, make_evaluation, caplog
):
    with caplog.at_level(logging.INFO):
        found = report_by(folds[:1], make_evaluation(source="none"))
    assert found["shift_aware"] is None
    assert found["prior"]["refusal"] == "evaluation.target_prior.source is none"
    assert found["witnesses"]["labels"]["auprc"] == found["intervals"]["auprc"]
    assert "shift-aware" not in caplog.text
    (line,) = tell_scores(found)
    assert line.startswith("expected on the test rows: ")


def test_the_log_tells_the_shift_aware_score_and_the_prior(report_by, folds, given_prior, caplog):
    with caplog.at_level(logging.INFO):
        found = report_by(folds[:1], given_prior)
    shifted = found["shift_aware"]
    assert (
        "shift-aware, prior given, 60.0% without a relation (1,000 rows): micro F1 "
        f"{shifted['micro_f1']:.2f} [{shifted['micro_f1_low']:.2f}, {shifted['micro_f1_high']:.2f}]"
    ) in caplog.text


def test_the_expected_scores_stand_in_a_line_with_their_intervals(report):
    expected = [
        report["predicted"][f"{name}{end}"]
        for name in ("micro_f1", "auprc")
        for end in ("", "_low", "_high")
    ]
    wanted = (
        "expected on the test rows: micro F1 {:.2f} [{:.2f}, {:.2f}], AUPRC {:.2f} [{:.2f}, {:.2f}]"
    )
    assert tell_scores(report) == [wanted.format(*expected)]


def test_the_report_is_plain_json(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
