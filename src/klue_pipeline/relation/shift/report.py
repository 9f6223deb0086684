"""Out-of-fold scores with intervals, shift-aware, and what they promise for the submission."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.relation.shift.averaging import AveragingGain, gain_of_submission
from klue_pipeline.relation.shift.prediction import (
    describe_gap,
    flat_estimates,
    predict_submission,
)
from klue_pipeline.relation.shift.prior import TargetPrior

logger = logging.getLogger(__name__)


def report_shift(
    out_of_fold: LabelledScores,
    folds: Sequence[ScoreTable],
    prior: TargetPrior,
    params: EvaluationParams,
) -> dict[str, Any]:
    """Give an experiment's scores with intervals, and what its submission will score.

    Args:
        out_of_fold: Scores of training rows by models that did not see them.
        folds: Test scores of each fold's model.
        prior: Where the submission will be judged, if that is known.
        params: How intervals are drawn.

    Returns:
        For JSON: ``intervals`` of the plain scores; ``shift_aware`` (None without a target
        population) and ``predicted``, each a score with ``_low`` and ``_high``; ``prior``, as
        :func:`~klue_pipeline.relation.shift.prior.resolve_prior` describes it; and
        ``averaging_gain`` (None for a single fold).
    """
    judgement = judge({"": out_of_fold}, prior.population, params)[""]
    gain = gain_of_submission(folds, out_of_fold, judgement, prior.population, params.seed)
    predicted = predict_submission(judgement, gain, params.seed)
    estimates = judgement.estimates()
    shifted = _of_kind(estimates, shifted=True)
    report = {
        "intervals": flat_estimates(_of_kind(estimates, shifted=False)),
        "shift_aware": flat_estimates(shifted) or None,
        "prior": prior.report,
        "averaging_gain": None if gain is None else asdict(gain),
        "predicted": flat_estimates(predicted),
    }
    _log(prior, shifted, predicted, gain)
    return report


def _of_kind(estimates: dict[str, Estimate], *, shifted: bool) -> dict[str, Estimate]:
    return {
        name.removeprefix(SHIFT): estimate
        for name, estimate in estimates.items()
        if name.startswith(SHIFT) == shifted
    }


def _log(
    prior: TargetPrior,
    shifted: dict[str, Estimate],
    predicted: dict[str, Estimate],
    gain: AveragingGain | None,
) -> None:
    if shifted:
        f1 = shifted["micro_f1"]
        logger.info(
            "shift-aware, prior %s: micro F1 %.2f [%.2f, %.2f], AUPRC %.2f",
            prior.description, f1.value, f1.low, f1.high, shifted["auprc"].value,
        )  # fmt: skip
    f1, auprc = predicted["micro_f1"], predicted["auprc"]
    where = "" if shifted else " on labels distributed as in training"
    logger.info(
        "expected of the submission%s: micro F1 %.2f [%.2f, %.2f], AUPRC %.2f [%.2f, %.2f]%s",
        where, f1.value, f1.low, f1.high, auprc.value, auprc.low, auprc.high,
        "" if gain is None else f", {describe_gap(gain.confidence_gap)}",
    )  # fmt: skip
