"""What a submission will score where it is judged: shift, luck of the test set, and averaging."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from klue_pipeline.evaluation.intervals import PERCENT, Estimate, Judgement
from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.settings.evaluation_params import SHIFT
from klue_pipeline.relation.shift.averaging import AveragingGain, spread_of_gain


def predict_submission(
    judgement: Judgement, gain: AveragingGain | None, seed: int
) -> dict[str, Estimate]:
    """Predict the scores of test predictions that are the mean of all folds' models.

    Args:
        judgement: Of the out-of-fold scores; its shift-aware scores are used where there are any.
        gain: What averaging the folds brings, and how much harder the test rows look than their
            labels explain; None leaves both out, which predicts too low or too surely.
        seed: Draws how large the gain may really be.

    Returns:
        ``micro_f1``, ``auprc`` and ``accuracy``, 0 to 100, with intervals that reach down by the
        confidence gap: it is a doubt, not a measurement, for models trained to be unsure of
        themselves show one too.
    """
    prefix = SHIFT if f"{SHIFT}{METRICS[0]}" in judgement.scores else ""
    gains = {name: 0.0 if gain is None else gain.gains[name] for name in METRICS}
    raised = {
        name: _raised(judgement, f"{prefix}{name}", gains[name], seed + place)
        for place, name in enumerate(METRICS)
    }
    gap = 0.0 if gain is None else gain.confidence_gap or 0.0
    return {
        name: replace(estimate, low=max(estimate.low - gap, 0.0))
        for name, estimate in raised.items()
    }


def _raised(judgement: Judgement, name: str, gain: float, seed: int) -> Estimate:
    draws = judgement.draws[name]
    around_value = draws + (judgement.scores[name] - draws.mean())
    raised = np.clip(around_value + spread_of_gain(gain, len(draws), seed), 0, PERCENT)
    value = np.clip(judgement.scores[name] + gain, 0, PERCENT)
    outside = (1 - judgement.confidence) / 2
    low, high = np.quantile(raised, [outside, 1 - outside])
    return Estimate(float(value), float(low), float(high))


def from_json(written: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    """Read what :func:`as_json` wrote."""
    return {name: Estimate(**ends) for name, ends in written.items()}


def flat_estimates(estimates: dict[str, Estimate]) -> dict[str, float]:
    """Write estimates as flat numbers: a score, and with ``_low`` and ``_high`` its interval.

    >>> flat_estimates({"auprc": Estimate(70.0, 68.5, 71.5)})
    {'auprc': 70.0, 'auprc_low': 68.5, 'auprc_high': 71.5}
    """
    flat: dict[str, float] = {}
    for name, estimate in estimates.items():
        flat |= {
            name: estimate.value,
            f"{name}_low": estimate.low,
            f"{name}_high": estimate.high,
        }
    return flat


def from_flat(written: dict[str, float]) -> dict[str, Estimate]:
    """Read flat numbers: a score, and with ``_low`` and ``_high`` its interval.

    >>> from_flat({"auprc": 70.0, "auprc_low": 68.5, "auprc_high": 71.5})
    {'auprc': Estimate(value=70.0, low=68.5, high=71.5)}
    """
    return {
        name: Estimate(written[name], written[f"{name}_low"], written[f"{name}_high"])
        for name in METRICS
        if name in written
    }


def as_json(estimates: dict[str, Estimate]) -> dict[str, Any]:
    """Write estimates for JSON: ``value``, ``low`` and ``high`` by score."""
    return {name: asdict(estimate) for name, estimate in estimates.items()}


GAP_IN_WORDS = (
    "The confidence gap counts the points of accuracy that out-of-fold scores promise and the "
    "models do not believe they have on the test rows. Rows like those of training give about 0; "
    "above that, expect less."
)
"""What a confidence gap is, and which one should worry."""


def describe_expected(predicted: Mapping[str, float] | None, gain: Mapping[str, Any] | None) -> str:
    """Say what test predictions should score, and by how much the models doubt it.

    Args:
        predicted: As :func:`flat_estimates` wrote it; without it nothing is said.
        gain: The averaging gain as it stands in ``metrics.json``; None where it is not known.

    >>> scores = {"micro_f1": 63.9, "micro_f1_low": 51.49, "micro_f1_high": 72.19}
    >>> describe_expected(scores, {"confidence_gap": 12.34})
    'expected on the test rows: micro F1 63.90 [51.49, 72.19], confidence gap 12.3'
    """
    if not predicted:
        return ""
    f1 = from_flat(dict(predicted))["micro_f1"]
    gap = "" if gain is None else f", {describe_gap(gain['confidence_gap'])}"
    return f"expected on the test rows: micro F1 {f1.value:.2f} [{f1.low:.2f}, {f1.high:.2f}]{gap}"


def describe_gap(gap: float | None) -> str:
    """Say the confidence gap with one decimal, beside the prediction that it casts doubt on.

    >>> describe_gap(12.34), describe_gap(None)
    ('confidence gap 12.3', 'no confidence gap: all test rows get one label')
    """
    if gap is None:
        return "no confidence gap: all test rows get one label"
    return f"confidence gap {gap:.1f}"
