"""Out-of-fold scores with intervals, shift-aware, and what they promise for the submission."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.calibration import fit_temperature
from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_ids, negative_id
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.relation.shift.averaging import gain_of_submission
from klue_pipeline.relation.shift.prediction import predict_submission
from klue_pipeline.relation.shift.resolve import Resolved, resolve_target

logger = logging.getLogger(__name__)

Tables = tuple[ScoreTable, ScoreTable, Sequence[ScoreTable]]
"""Out-of-fold scores, test scores, and the test scores of each fold's model."""


def report_shift(
    tables: Tables, gold: pd.Series, labels: LabelSet, params: EvaluationParams
) -> dict[str, Any]:
    """Tell an experiment's scores with intervals, and what its submission will score.

    Args:
        tables: The scores.
        gold: True label names of the out-of-fold rows, indexed by row id.
        labels: The labels of the scores.
        params: The target's prior, and how intervals are drawn.

    Returns:
        For JSON: ``intervals`` of the plain scores; ``shift_aware`` (None without a target) and
        ``predicted``, each a score with ``_low`` and ``_high``; ``prior``, as
        :func:`~klue_pipeline.relation.shift.resolve.resolve_target` describes it; and
        ``averaging_gain`` (None for a single fold).
    """
    out_of_fold, test_scores, folds = tables
    truth, negative = gold_ids(out_of_fold, gold, labels), negative_id(labels)
    resolved = resolve_target(out_of_fold, truth, test_scores, labels, params)
    judgement = judge({"": out_of_fold}, truth, negative, resolved.target, params)[""]
    gain = gain_of_submission(
        folds, truth, judgement, resolved.target, negative, params.seed,
        temperature=fit_temperature(out_of_fold.logits, truth),
    )  # fmt: skip
    predicted = predict_submission(judgement, gain, params.seed)
    estimates = judgement.estimates()
    shifted = _of_kind(estimates, shifted=True)
    report = {
        "intervals": flat_estimates(_of_kind(estimates, shifted=False)),
        "shift_aware": flat_estimates(shifted) or None,
        "prior": resolved.report,
        "averaging_gain": None if gain is None else asdict(gain),
        "predicted": flat_estimates(predicted),
    }
    _log(resolved, shifted, predicted)
    return report


def flat_estimates(estimates: dict[str, Estimate]) -> dict[str, float]:
    """Write estimates as flat numbers: a score, and with ``_low`` and ``_high`` its interval.

    >>> flat_estimates({"auprc": Estimate(70.0, 68.5, 71.5)})
    {'auprc': 70.0, 'auprc_low': 68.5, 'auprc_high': 71.5}
    """
    flat: dict[str, float] = {}
    for name, own in estimates.items():
        flat |= {name: own.value, f"{name}_low": own.low, f"{name}_high": own.high}
    return flat


def _of_kind(estimates: dict[str, Estimate], *, shifted: bool) -> dict[str, Estimate]:
    return {
        name.removeprefix(SHIFT): own
        for name, own in estimates.items()
        if name.startswith(SHIFT) == shifted
    }


def _log(resolved: Resolved, shifted: dict[str, Estimate], predicted: dict[str, Estimate]) -> None:
    if shifted:
        own = shifted["micro_f1"]
        logger.info(
            "shift-aware, prior %s: micro F1 %.2f [%.2f, %.2f], AUPRC %.2f",
            resolved.description, own.value, own.low, own.high, shifted["auprc"].value,
        )  # fmt: skip
    told = predicted["micro_f1"]
    where = "" if shifted else " on labels distributed as in training"
    logger.info(
        "expected of the submission%s: micro F1 %.2f [%.2f, %.2f], AUPRC %.2f [%.2f, %.2f]",
        where, told.value, told.low, told.high,
        predicted["auprc"].value, predicted["auprc"].low, predicted["auprc"].high,
    )  # fmt: skip
