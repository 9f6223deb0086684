"""Settings of evaluation that contradict themselves, and which score decides."""

from typing import get_args

import pytest
from pydantic import ValidationError

from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.settings.evaluation_params import (
    EstimatorName,
    EvaluationParams,
    ScoreName,
    TargetPriorParams,
)

PRIOR = {
    "source": "none",
    "estimator": "auto",
    "max_disagreement": 0.1,
    "min_effective_rows": 100,
}
EVALUATION = {
    "target_prior": PRIOR,
    "n_resamples": 1000,
    "confidence": 0.95,
    "seed": 0,
    "select_by": "micro_f1",
}


def read_prior(**changes):
    return TargetPriorParams.model_validate(PRIOR | changes)


def read_evaluation(**changes):
    return EvaluationParams.model_validate(EVALUATION | changes)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("has_target", [True, False])
def test_a_plain_score_decides_with_and_without_a_target(name, has_target, caplog):
    assert read_evaluation(select_by=name).told_by(has_target=has_target) == name
    assert not caplog.text


@pytest.mark.parametrize("name", METRICS)
def test_a_shift_aware_score_decides_only_where_there_is_a_target(name, caplog):
    params = read_evaluation(select_by=f"shift_{name}")
    assert params.told_by(has_target=True) == f"shift_{name}"
    assert not caplog.text
    assert params.told_by(has_target=False) == name
    assert f"no target prior: {name} decides in place of shift_{name}" in caplog.text


def test_every_score_that_is_told_can_decide():
    assert set(get_args(ScoreName)) == {*METRICS, *(f"shift_{name}" for name in METRICS)}


def test_a_given_prior_is_either_of_all_labels_or_of_the_negative_one():
    assert read_prior(source="given", negative_share=0.6).shares is None
    assert read_prior(source="given", shares={"per:title": 1.0}).negative_share is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "given"}, "wants either shares .* or negative_share; found neither"),
        (
            {"source": "given", "shares": {"a": 1.0}, "negative_share": 0.5},
            "found shares and negative_share",
        ),
        (
            {"source": "none", "negative_share": 0.5},
            "negative_share is read by source given only; found source none",
        ),
        (
            {"source": "estimated", "shares": {"a": 1.0}},
            "Set source=given, or shares=null",
        ),
    ],
)
def test_a_prior_that_contradicts_its_source_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        read_prior(**changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": "guessed"}, "source"),
        ({"source": "given", "negative_share": 0.0}, "negative_share"),
        ({"source": "given", "negative_share": 1.0}, "negative_share"),
        ({"source": "given", "negative_share": float("nan")}, "negative_share"),
        ({"max_disagreement": 0}, "max_disagreement"),
        ({"max_disagreement": 1.1}, "max_disagreement"),
        ({"min_effective_rows": 0}, "min_effective_rows"),
        ({"negative_shares": 0.5}, "negative_shares"),
    ],
)
def test_a_prior_out_of_range_is_refused_by_its_field(changes, field):
    with pytest.raises(ValidationError, match=rf"1 validation error .*\n{field}\n"):
        read_prior(**changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"n_resamples": 99}, "n_resamples"),
        ({"confidence": 0.5}, "confidence"),
        ({"confidence": 1}, "confidence"),
        ({"seed": -1}, "seed"),
        ({"select_by": "shift_loss"}, "select_by"),
        ({"target_prior": None}, "target_prior"),
    ],
)
def test_evaluation_out_of_range_is_refused_by_its_field(changes, field):
    with pytest.raises(ValidationError, match=rf"1 validation error .*\n{field}\n"):
        read_evaluation(**changes)


@pytest.mark.parametrize("name", ["auto", *get_args(EstimatorName)])
def test_every_estimator_can_be_asked_for(name):
    assert read_prior(estimator=name).estimator == name


def test_an_unknown_estimator_is_refused_and_the_known_ones_are_named():
    with pytest.raises(
        ValidationError, match=r"(?s)estimator.*'em_raw', 'em_calibrated' or 'classify"
    ):
        read_prior(estimator="em")
