"""The scores of a report as a table, for spreadsheets, and as the few numbers that stand for it."""

from typing import Any

import pandas as pd

from klue_pipeline.odqa.answer_report.report import Report
from klue_pipeline.odqa.answer_report.variants import END_TO_END, GIVEN_GOLD, SETTINGS
from klue_pipeline.odqa.metrics.answers import ANSWER_METRICS, EXACT_MATCH
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES

COLUMNS = (
    "setting", "variant", "depth", "particles_cut", "retrieval_score", "chosen", "measure",
    "questions", "value", "low", "high", "difference", "difference_low", "difference_high",
    "mcnemar_p", "verdict",
)  # fmt: skip


def metrics_of(report: Report) -> dict[str, Any]:
    """Write the numbers that stand for an experiment, for ``metrics.json``.

    Args:
        report: That of :func:`~klue_pipeline.odqa.answer_report.report.report_answers` or
            ``report_refusal``.

    Returns:
        By metric the scores ``given_gold_passage`` and ``end_to_end``, 0 to 100; ``intervals`` of
        the same, their ends in pairs; ``retriever``: by metric how much the first is higher on the
        questions with a gold passage; and what was judged. Where nothing was, scores are None and
        ``refused`` says why.
    """
    estimates = {metric: _collect(report, metric) for metric in ANSWER_METRICS}
    counts = report.get("questions", {})
    difference = report.get("retriever", {}).get("difference")
    return {
        **{metric: {name: found.get("value") for name, found in own.items()}
           for metric, own in estimates.items()},
        "intervals": {
            metric: {name: [found["low"], found["high"]] if found else None
                     for name, found in own.items()}
            for metric, own in estimates.items()
        },
        "retriever": {metric: difference[metric] for metric in ANSWER_METRICS}
        if difference
        else None,
        "part": report["part"],
        "refused": report["refused"],
        "questions": counts.get("judged", 0),
        "questions_with_gold_passage": counts.get("with_gold_passage", 0),
        "questions_answered": counts.get("answered", 0),
        "confidence": report.get("confidence"),
    }  # fmt: skip


def _collect(report: Report, metric: str) -> dict[str, dict[str, float]]:
    """Return the estimates of a metric by setting; empty where nothing was judged."""
    scores = report.get("scores", {})
    return {name: scores.get(name, {}).get(metric, {}) for name in (GIVEN_GOLD, END_TO_END)}


def tabulate_answers(report: Report) -> pd.DataFrame:
    """Write one row for every way to choose and metric.

    Args:
        report: As in :func:`metrics_of`; the table of one that was refused is empty.

    Returns:
        ``setting``, ``variant`` and what it stands for; ``measure``, ``questions`` (how many it
        rests on), ``value``, ``low`` and ``high`` (0 to 100); and against the chosen way
        ``difference`` with its ends, ``mcnemar_p`` (of exact match), ``verdict``.
    """
    rows = [
        _write_row(variant, metric)
        for variant in report.get("variants", [])
        for metric in ANSWER_METRICS
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"depth": "Int64"})


def _write_row(variant: dict[str, Any], metric: str) -> dict[str, Any]:
    comparison = variant["comparison"] or {}
    mcnemar = comparison.get("mcnemar", {}) if metric == EXACT_MATCH else {}
    difference = comparison.get(metric, {})
    return {
        "setting": variant["setting"],
        "variant": variant["name"],
        "depth": variant["depth"],
        "particles_cut": variant["trimmed"],
        "retrieval_score": variant["weighted"],
        "chosen": variant["chosen"],
        "measure": metric,
        "questions": variant["questions"],
        **variant["scores"][metric],
        "difference": difference.get("difference"),
        "difference_low": difference.get("low"),
        "difference_high": difference.get("high"),
        "mcnemar_p": mcnemar.get("p_value"),
        "verdict": variant["verdict"],
    }


def tell_answers(report: Report) -> list[str]:
    """Say in a line each how good the answers are, or why that is not known."""
    if report["refused"]:
        return [f"Answers are not judged: {report['refused']}"]
    score, counts = READER_SCORES.find(report["select_by"]), report["questions"]
    lines = []
    for setting, counted_as in ((END_TO_END, "judged"), (GIVEN_GOLD, "with_gold_passage")):
        if own := report["scores"].get(setting):
            value = "{value:.1f} [{low:.1f}, {high:.1f}]".format(**own[score.name])
            questions = f"{counts[counted_as]:,} {report['part']} questions"
            lines.append(f"{score.title} {SETTINGS[setting]}, {questions}: {value}")
    return lines
