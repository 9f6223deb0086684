"""A finished ensemble of answers in numbers and as a page: who voted, how, and how good that is."""

from collections.abc import Mapping
from typing import Any

from klue_pipeline.evaluation.intervals import best_first
from klue_pipeline.odqa.answer_ensemble.combining import CombinedAnswers
from klue_pipeline.odqa.answer_ensemble.judging import JudgedEnsemble
from klue_pipeline.odqa.answer_ensemble.methods import FITTED, METHODS
from klue_pipeline.odqa.answer_ensemble.weights import equal_weights
from klue_pipeline.odqa.metrics.judgement import write_estimates
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleMethod, AnswerEnsembleParams
from klue_pipeline.reporting.pages import render_page

Report = dict[str, Any]

NOTHING_JUDGED = "no member has answers to validation questions whose answer is known"


def report_ensemble(combined: CombinedAnswers, params: AnswerEnsembleParams) -> Report:
    """Collect what a reader, MLflow and the ledger ask of an ensemble.

    Returns:
        A dictionary for JSON: ``method``, ``select_by``, ``verdict``, ``voters`` (the weight of
        each in the chosen method), ``unjudged`` and ``skipped`` (the reason for each),
        ``test_questions``, ``judged_questions``, and where something can be told ``confidence``,
        ``members`` (scores of each), ``best_member``, ``scores`` (of the chosen method),
        ``methods`` (scores, difference to the best member, McNemar's test and weights of each) and
        ``oracle``; without, ``not_judged`` says why.
    """
    selection, judged = combined.selection, combined.judged
    weights = dict(zip(selection.voters, combined.weights.tolist(), strict=True))
    return {
        "method": params.method,
        "select_by": params.select_by,
        "verdict": describe_gain(combined, params),
        "voters": weights,
        "unjudged": selection.unjudged,
        "skipped": selection.skipped,
        "test_questions": len(combined.answers),
        "judged_questions": 0 if judged is None else judged.n_questions,
        **({"not_judged": NOTHING_JUDGED} if judged is None else _report_scores(judged, params)),
    }


def describe_gain(combined: CombinedAnswers, params: AnswerEnsembleParams) -> str:
    """Say in a sentence whether the ensemble is better than its best member by more than noise."""
    selection, judged, method = combined.selection, combined.judged, params.method
    if judged is None:
        return f"Nothing can be told of {method}: {NOTHING_JUDGED}."
    if selection.unjudged:
        return (
            f"{method} with {', '.join(selection.unjudged)}, of which nothing can be told; scores "
            "are those of the other members alone."
        )
    if len(judged.members) == 1:
        return f"One member, {judged.best_member}: there is nothing to combine."
    gain = judged.methods[method].minus(judged.members[judged.best_member], params.select_by)
    points = f"{gain.difference:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]"
    if gain.low > 0:
        return f"{method} is better than {judged.best_member} alone by more than noise: {points}."
    if gain.high < 0:
        return f"{method} is worse than {judged.best_member} alone: {points}. Submit that one."
    return f"{method} against {judged.best_member} alone is within noise: {points}."


def render_ensemble(report: Mapping[str, Any]) -> str:
    """Show an ensemble: methods side by side, members, and who was left out.

    Args:
        report: By :func:`report_ensemble`.

    Returns:
        An HTML document that needs no other file.
    """
    methods, by = report.get("methods", {}), report["select_by"]
    ranked = best_first({name: own["scores"][by]["value"] for name, own in methods.items()})
    return render_page(
        "answer_ensemble",
        report=report,
        methods=[(name, methods[name]) for name in ranked],
        titles={score.name: score.title for score in READER_SCORES.published} if methods else {},
    )


def _report_scores(judged: JudgedEnsemble, params: AnswerEnsembleParams) -> Report:
    return {
        "confidence": judged.methods[params.method].confidence,
        "members": {name: write_estimates(own) for name, own in judged.members.items()},
        "best_member": judged.best_member,
        "scores": write_estimates(judged.methods[params.method]),
        "methods": {name: _report_method(name, judged) for name in METHODS},
        "oracle": judged.oracle,
    }


def _report_method(name: AnswerEnsembleMethod, judged: JudgedEnsemble) -> Report:
    weights = judged.weights if name in FITTED else equal_weights(len(judged.members))
    return {
        "scores": write_estimates(judged.methods[name]),
        "over_best_member": judged.over_best[name],
        "weights": dict(zip(judged.members, weights.tolist(), strict=True)),
    }
