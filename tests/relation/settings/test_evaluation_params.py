"""Settings of evaluation that contradict themselves, and which score decides."""

from typing import get_args

import pytest
from pydantic import ValidationError

from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.settings.evaluation_params import (
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
def test_a_plain_score_decides_with_and_without_a_target(name, has_target):
    assert read_evaluation(select_by=name).ranking_score(has_target=has_target) == name


@pytest.mark.parametrize("name", METRICS)
def test_a_shift_aware_score_decides_only_where_there_is_a_target(name):
    params = read_evaluation(select_by=f"shift_{name}")
    assert params.ranking_score(has_target=True) == f"shift_{name}"
    assert params.ranking_score(has_target=False) == name


def test_every_score_that_is_reported_can_decide():
    assert set(get_args(ScoreName)) == {*METRICS, *(f"shift_{name}" for name in METRICS)}


def test_a_given_prior_is_either_of_all_labels_or_of_the_negative_one():
    assert read_prior(source="given", negative_share=0.6).shares is None
    assert read_prior(source="given", shares={"per:title": 1.0}).negative_share is None


@pytest.mark.parametrize(
    ("read", "changes", "message"),
    [
        (read_prior, {"source": "given"}, "wants either shares .* negative_share; found neither"),
        (
            read_prior,
            {"source": "given", "shares": {"a": 1.0}, "negative_share": 0.5},
            "found shares and negative_share",
        ),
        (read_prior, {"negative_share": 0.5}, "is read by source given only; found source none"),
        (
            read_prior,
            {"source": "estimated", "shares": {"a": 1.0}},
            "Set source=given, or shares=null",
        ),
        (read_prior, {"source": "guessed"}, "source"),
        (read_prior, {"source": "given", "negative_share": 0.0}, "negative_share"),
        (read_prior, {"source": "given", "negative_share": 1.0}, "negative_share"),
        (read_prior, {"source": "given", "negative_share": float("nan")}, "negative_share"),
        (read_prior, {"max_disagreement": 0}, "max_disagreement"),
        (read_prior, {"min_effective_rows": 0}, "min_effective_rows"),
        (read_evaluation, {"n_resamples": 99}, "n_resamples"),
        (read_evaluation, {"confidence": 0.5}, "confidence"),
        (read_evaluation, {"confidence": 1}, "confidence"),
        (read_evaluation, {"select_by": "shift_loss"}, "select_by"),
    ],
)
def test_what_contradicts_itself_or_is_out_of_range_is_refused(read, changes, message):
    with pytest.raises(ValidationError, match=message):
        read(**changes)
