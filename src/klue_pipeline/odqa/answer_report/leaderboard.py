"""The leaderboard of answers: experiments by what they answer end to end."""

from collections.abc import Mapping

import pandas as pd

from klue_pipeline.odqa.answer_report.report import Report
from klue_pipeline.odqa.metrics import experiment_ranking
from klue_pipeline.odqa.metrics.experiment_ranking import JudgedExperiment, add_note
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, Ranked


def rank_experiments(
    entries: Mapping[str, LeaderboardEntry],
    reports: Mapping[str, Report],
    fingerprint: Mapping[str, str],
    params: OdqaEvaluationParams,
) -> list[Ranked]:
    """Give experiments their scores and compare each with the best.

    Args:
        entries: What the run of each experiment left behind, without scores, by its name.
        reports: Answer reports by the name of their experiment, as
            :func:`~klue_pipeline.odqa.answer_report.report.report_answers` makes them.
        fingerprint: That of the questions and passages of now.
        params: Intervals, and what is ranked by.

    Returns:
        The entries, best first. One whose answers could not be judged, or were to other questions
        or from other passages, is listed with the reason, without scores.
    """
    reasons = {name: _explain(report, fingerprint) for name, report in reports.items()}
    judged = {
        name: JudgedExperiment(pd.DataFrame(report["outcomes"]).set_index("question_id"))
        for name, report in reports.items()
        if not reasons[name]
    }
    shown = [add_note(entry, reasons.get(name, "")) for name, entry in entries.items()]
    return experiment_ranking.rank_experiments(
        shown, judged, READER_SCORES, params.select_answers_by, params
    )


def _explain(report: Report, fingerprint: Mapping[str, str]) -> str:
    """Say why a report cannot be compared; nothing where it can."""
    if report["refused"]:
        return str(report["refused"])
    other = [what for what, own in fingerprint.items() if report["fingerprint"][what] != own]
    if not other:
        return ""
    return f"its report is about other {' and '.join(other)} than those of now: run it again"
