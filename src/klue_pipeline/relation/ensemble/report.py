"""A finished blend in numbers: what was blended, how, how good it is, and how sure that is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.intervals import Interval, best_first
from klue_pipeline.relation.ensemble.blending import Blended, BlendedMethod
from klue_pipeline.relation.ensemble.panel import oracle_accuracy
from klue_pipeline.relation.metrics.evaluation import evaluate_scores
from klue_pipeline.relation.settings.params import EnsembleParams
from klue_pipeline.relation.shift.prediction import (
    Prediction,
    as_json,
    flat_estimates,
    from_json,
)
from klue_pipeline.reporting.pages import render_page


def report_blend(
    blended: Blended,
    skipped: Mapping[str, str],
    params: EnsembleParams,
    partial: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Collect what a reader, MLflow and the leaderboard ask of a blend.

    Args:
        blended: The finished blend.
        skipped: The reason for each experiment that was left out, by name.
        params: Which method was asked for.
        partial: Which folds alone a member was scored on, by name.

    Returns:
        A dictionary for JSON: ``method`` and how it was chosen, ``members`` (plain metrics of each
        on its own rows), ``skipped`` (reason by experiment), ``out_of_fold`` (metrics of the chosen
        method's nested, decoded scores), ``scores`` (the same with intervals, plain and
        shift-aware), ``predicted`` (what the submission will score; empty where ``not_predicted``
        says why), ``witnesses`` (what each estimator says), ``prior``, ``gain`` over the
        best member and over a plain soft vote, ``methods`` (before decoding), ``decoding`` and
        ``oracle_accuracy``. Submission files that vote are in ``plain_submissions``; no score
        holds them. ``partial`` is there only where a member was scored on some folds alone.
    """
    decoded = blended.decoded
    panel, decided_by = blended.prepared.panel, blended.prepared.tuning.objective.name
    gains = _gains(blended, decided_by)
    return {
        "method": blended.chosen,
        "asked_for": params.method,
        "select_by": decided_by,
        "confidence": decoded.judgement.confidence,
        "verdict": describe_gain(blended, gains),
        "members": {
            name: evaluate_scores(scores) for name, scores in blended.prepared.members.items()
        },
        "best_member": blended.best_member,
        "best_member_scores": as_json(blended.best_alone.estimates()),
        "skipped": dict(skipped),
        **({"partial": dict(partial)} if partial else {}),
        "plain_submissions": _files(blended),
        "rows": len(panel),
        "out_of_fold": evaluate_scores(decoded.out_of_fold),
        "scores": as_json(decoded.judgement.estimates()),
        **_describe_prediction(blended.predicted),
        "prior": blended.prepared.prior.report,
        "gain": {name: _describe_gain(gain) for name, gain in gains.items()},
        "methods": {name: _describe_method(method) for name, method in blended.methods.items()},
        "decoding": decoded.report,
        "oracle_accuracy": oracle_accuracy(panel),
    }


def describe_gain(blended: Blended, gains: dict[str, Interval]) -> str:
    """Say in a sentence whether the blend is better than its best member by more than noise."""
    method, gain = blended.chosen, gains["over_best_member"]
    if files := _files(blended):
        return (
            f"{method} with {', '.join(files)}: nobody can tell how good these files are; scores "
            "are those of the members alone."
        )
    if len(blended.prepared.panel.names) == 1:
        return f"One member, {blended.best_member}: there is nothing to blend."
    points = f"{gain.difference:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]"
    if gain.low > 0:
        return f"{method} is better than {blended.best_member} alone by more than noise: {points}."
    if gain.high < 0:
        return f"{method} is worse than {blended.best_member} alone: {points}. Submit that one."
    return f"{method} against {blended.best_member} alone is within noise: {points}."


def _gains(blended: Blended, decided_by: str) -> dict[str, Interval]:
    chosen = blended.decoded.judgement
    gains = {"over_best_member": chosen.minus(blended.best_alone, decided_by)}
    if "soft_vote" in blended.methods:
        plain = blended.methods["soft_vote"].judgement
        gains["over_soft_vote"] = chosen.minus(plain, decided_by)
    return gains


def _describe_gain(gain: Interval) -> dict[str, Any]:
    return {**asdict(gain), "more_than_noise": gain.excludes_zero}


def _describe_prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "predicted": as_json(prediction.estimates),
        "not_predicted": prediction.refusal or None,
        "witnesses": {
            name: flat_estimates(estimates) for name, estimates in prediction.witnesses.items()
        },
    }


def _files(blended: Blended) -> list[str]:
    """Return the submission files that voted too."""
    members = blended.prepared.panel.names
    return [name for name in blended.methods[blended.chosen].voters if name not in members]


def _describe_method(method: BlendedMethod) -> dict[str, Any]:
    weights, names = method.fitted.blend.weights, method.voters
    return {
        "scores": as_json(method.judgement.estimates()),
        **_describe_prediction(method.predicted),
        "averaging_gain": None if method.gain is None else asdict(method.gain),
        "weights": None if weights is None else dict(zip(names, weights.tolist(), strict=True)),
        "temperatures": dict(zip(names, method.fitted.temperatures.tolist(), strict=True)),
    }


def render_ensemble(report: Mapping[str, Any], diversity: pd.DataFrame) -> str:
    """Show a blend: methods side by side, members, submission files, diversity, decoding.

    Args:
        report: By :func:`klue_pipeline.relation.ensemble.report.report_blend`.
        diversity: By :func:`klue_pipeline.relation.ensemble.panel.tabulate_diversity`.

    Returns:
        An HTML document that needs no other file.
    """
    names = list(report["methods"][report["method"]]["scores"])
    methods, by = report["methods"], report["select_by"]
    ranked = best_first({name: at["scores"][by]["value"] for name, at in methods.items()})
    decoded = [name for name, option in report["decoding"].items() if option["used"]]
    pairs = diversity.astype(object).where(diversity.notna(), None).to_dict("records")
    return render_page(
        "ensemble",
        report=report,
        partial=report.get("partial", {}),
        score_names=names,
        methods=[(name, methods[name]) for name in ranked],
        decoded=decoded,
        pairs=pairs,
        predicted_scores=flat_estimates(from_json(report["predicted"])),
    )
