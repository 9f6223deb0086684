"""What is stated about a submission: one prediction, made by a rule fixed before looking, or none.

The rule was chosen by ``benchmarks/shift_coverage.py`` on half of the shifts there, and is reported
on the others. The value is that of the witness that was nearest to the truth; the interval covers
the witnesses that know of texts, widened by how far the value was off where files differ as much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from klue_pipeline.evaluation.intervals import PERCENT, Estimate
from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.witnesses import Estimates, Evidence, ask_witnesses

STATED_BY, CREDIBLE = "difference", ("texts", "difference")
"""The witness whose value is stated, and those that the interval covers."""

ALLOWANCES = {"micro_f1": 11.0, "auprc": 13.0, "accuracy": 7.0}
"""Points that an interval reaches to each side, beside the luck of the draw, where every row gives
its file away; less in proportion where files are harder to tell apart."""

MOST_APART = 20.0
"""Points of micro F1 that credible witnesses may differ by; above that, nothing is stated."""

MOST_UNKNOWN_TYPES = 0.2
"""Share of test rows whose pair of types training hardly has; above that, nothing is stated."""


@dataclass(frozen=True)
class Prediction:
    """What is stated before a submission.

    Attributes:
        estimates: The stated scores with intervals; empty where nothing can be stated.
        refusal: Why nothing is; empty otherwise.
        witnesses: What each estimator says.
    """

    estimates: Estimates
    refusal: str
    witnesses: dict[str, Estimates]


def predict_submission(evidence: Evidence, params: EvaluationParams) -> Prediction:
    """Predict the scores of test predictions that are the mean of all folds' models."""
    witnesses = ask_witnesses(evidence, params)
    stated = state_scores(witnesses, evidence.texts)
    refusal = _refuse(witnesses, evidence.texts)
    return Prediction({} if refusal else stated, refusal, witnesses)


def state_scores(witnesses: Mapping[str, Estimates], texts: TextShift) -> Estimates:
    """Return the value of one witness, with an interval that covers the credible ones."""
    return {
        name: _cover(
            witnesses[STATED_BY][name],
            [witnesses[witness][name] for witness in CREDIBLE],
            ALLOWANCES[name] * texts.distance,
        )
        for name in METRICS
    }


def _cover(stated: Estimate, credible: list[Estimate], allowance: float) -> Estimate:
    low = min(each.value - np.hypot(each.value - each.low, allowance) for each in credible)
    high = max(each.value + np.hypot(each.high - each.value, allowance) for each in credible)
    return Estimate(stated.value, float(max(low, 0.0)), float(min(high, PERCENT)))


def _refuse(witnesses: Mapping[str, Estimates], texts: TextShift) -> str:
    """Say why nothing can be stated; empty if something can."""
    values = [witnesses[name]["micro_f1"].value for name in CREDIBLE]
    apart, unknown = max(values) - min(values), texts.report["unknown_type_pairs"]
    doubts = {
        f"{unknown:.0%} of the test rows have a pair of entity types that training hardly has "
        f"(believed up to {MOST_UNKNOWN_TYPES:.0%})": unknown > MOST_UNKNOWN_TYPES,
        f"estimates of micro F1 are {apart:.0f} points apart (believed up to {MOST_APART:.0f})":
            apart > MOST_APART,
    }  # fmt: skip
    return "; ".join(text for text, holds in doubts.items() if holds)


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


def describe_expected(metrics: Mapping[str, Any], names: Sequence[str] = ("micro_f1",)) -> str:
    """Say what test predictions should score, or why nobody can say.

    Args:
        metrics: An experiment's ``metrics.json``; an empty one says nothing.
        names: The scores to name.

    >>> scores = {"micro_f1": 63.9, "micro_f1_low": 51.49, "micro_f1_high": 72.19}
    >>> describe_expected({"predicted": scores})
    'expected on the test rows: micro F1 63.90 [51.49, 72.19]'
    >>> describe_expected({"predicted": {}, "not_predicted": "estimates are 30 points apart"})
    'scores of the test rows cannot be predicted: estimates are 30 points apart'
    """
    if reason := metrics.get("not_predicted"):
        return f"scores of the test rows cannot be predicted: {reason}"
    expected = from_flat(metrics.get("predicted") or {})
    shown = [
        f"{RELATION_SCORES.find(name).title} {each.value:.2f} [{each.low:.2f}, {each.high:.2f}]"
        for name, each in expected.items()
        if name in names
    ]
    return f"expected on the test rows: {', '.join(shown)}" if shown else ""
