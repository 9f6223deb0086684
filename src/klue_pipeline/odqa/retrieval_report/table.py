"""The scores of a report as a table, for spreadsheets, and in lines, for the end of a run."""

from collections.abc import Mapping

import pandas as pd

from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.odqa.retrieval_report.report import Report

COLUMNS = (
    "retriever", "part", "measure", "questions", "value", "low", "high", "learnt_from",
)  # fmt: skip


def tabulate_scores(report: Report) -> pd.DataFrame:
    """Write one row for every run, part and measure.

    Args:
        report: That of :func:`~klue_pipeline.odqa.retrieval_report.report.judge`, or of
            ``report_refusal``, whose table is empty.

    Returns:
        ``retriever`` (or what is made of several), ``part``, ``measure``, ``questions`` (how many
        it rests on), ``value``, ``low`` and ``high`` (0 to 100), and ``learnt_from``: whether the
        run saw the answers of these questions, so that the value says little.
    """
    rows = [
        (name, part, measure, _count(report, part, measure), *estimate.values(),
         judged["learnt_from"])
        for name, run in report["runs"].items()
        for part, judged in run["parts"].items()
        for measure, estimate in judged["scores"].items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _count(report: Report, part: str, measure: str) -> int:
    counts = report["questions"][part]
    return int(counts["with_answers" if measure.startswith("answer_") else "with_gold"])


def final_scores(report: Report) -> dict[str, float]:
    """Return the scores of what the experiment finds, on the part that it is judged on, if any."""
    if report["refused"]:
        return {}
    scores = report["runs"][report["final"]]["parts"][report["main_part"]]["scores"]
    return {name: estimate["value"] for name, estimate in scores.items()}


def tell_retrieval(report: Report) -> list[str]:
    """Say in a line each how good the experiment is, or why that is not known.

    Where several retrievers were combined, a line says whether that pays off.
    """
    if report["refused"]:
        return [f"Retrieval is not judged: {report['refused']}"]
    part, final = report["main_part"], report["final"]
    scores = report["runs"][final]["parts"][part]["scores"]
    shown = dict.fromkeys(["recall_at_1", report["select_by"], "mrr"])
    told = [
        f"{ODQA_SCORES.find(name).title} {_interval(scores[name])}"
        for name in shown
        if name in scores
    ]
    count = report["questions"][part]["with_gold"]
    lines = [f"{final} on {count} {part} questions: {', '.join(told)}", report["verdict"]]
    return [line for line in lines if line]


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"
