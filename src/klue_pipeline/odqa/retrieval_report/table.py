"""The scores of a report as a table, for spreadsheets."""

import pandas as pd

from klue_pipeline.odqa.retrieval_report.report import Report

COLUMNS = (
    "retriever", "part", "measure", "questions", "value", "low", "high", "learnt_from",
)  # fmt: skip


def tabulate_scores(report: Report) -> pd.DataFrame:
    """Write one row for every run, part and measure.

    Args:
        report: That of :func:`~klue_pipeline.odqa.retrieval_report.report.judge`.

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
