"""Out-of-fold scores with intervals, shift-aware, and what they promise for the submission."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.relation.shift.averaging import gain_of_submission
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.prediction import (
    describe_expected,
    flat_estimates,
    predict_submission,
)
from klue_pipeline.relation.shift.prior import TargetPrior
from klue_pipeline.relation.shift.witnesses import Evidence

logger = logging.getLogger(__name__)


def report_shift(
    out_of_fold: LabelledScores,
    folds: Sequence[ScoreTable],
    prior: TargetPrior,
    texts: TextShift,
    params: EvaluationParams,
) -> dict[str, Any]:
    """Give an experiment's scores with intervals, and what its submission will score.

    Args:
        out_of_fold: Scores of training rows by models that did not see them.
        folds: Test scores of each fold's model.
        prior: Where the submission will be judged, if that is known.
        texts: How the texts differ there.
        params: How intervals are drawn.

    Returns:
        For JSON: ``intervals`` of the plain scores; ``shift_aware`` (None without a target
        population) and ``predicted`` (empty where ``not_predicted`` says why), each a score with
        ``_low`` and ``_high``; ``witnesses``, the same by estimator; ``text_shift``, what they know
        of the texts; ``prior``, as :func:`~klue_pipeline.relation.shift.prior.resolve_prior`
        describes it; and ``averaging_gain`` (None for a single fold).
    """
    judgement = judge({"": out_of_fold}, prior.population, params)[""]
    gain = gain_of_submission(folds, out_of_fold, judgement, prior.population, params.seed)
    evidence = Evidence(out_of_fold, judgement, folds, gain, prior.population, texts)
    predicted = predict_submission(evidence, params)
    estimates = judgement.estimates()
    shifted = _of_kind(estimates, shifted=True)
    report = {
        "intervals": flat_estimates(_of_kind(estimates, shifted=False)),
        "shift_aware": flat_estimates(shifted) or None,
        "prior": prior.report,
        "averaging_gain": None if gain is None else asdict(gain),
        "predicted": flat_estimates(predicted.estimates),
        "not_predicted": predicted.refusal or None,
        "witnesses": {
            name: flat_estimates(estimates) for name, estimates in predicted.witnesses.items()
        },
        "text_shift": dict(texts.report),
    }
    _log(prior, shifted)
    return report


def _of_kind(estimates: dict[str, Estimate], *, shifted: bool) -> dict[str, Estimate]:
    return {
        name.removeprefix(SHIFT): estimate
        for name, estimate in estimates.items()
        if name.startswith(SHIFT) == shifted
    }


def tell_scores(metrics: Mapping[str, Any]) -> list[str]:
    """Say in a line each what an experiment's metrics are: measured, expected and tested.

    >>> tell_scores({"out_of_fold": {"micro_f1": 60.0, "auprc": 50.0}, "predicted": {}})
    ['out_of_fold: micro F1 60.00, AUPRC 50.00']
    """
    lines = (
        _plain_line(metrics, "out_of_fold"),
        describe_expected(metrics, ("micro_f1", "auprc")),
        _plain_line(metrics, "test"),
    )
    return [line for line in lines if line]


def _plain_line(metrics: Mapping[str, Any], name: str) -> str:
    scores = metrics.get(name)
    if not scores:
        return ""
    return f"{name}: micro F1 {scores['micro_f1']:.2f}, AUPRC {scores['auprc']:.2f}"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _log(prior: TargetPrior, shifted: Mapping[str, Estimate]) -> None:
    if shifted:
        logger.info(
            "shift-aware, prior %s: micro F1 %s, AUPRC %s",
            prior.description, _interval(shifted["micro_f1"]), _interval(shifted["auprc"]),
        )  # fmt: skip
