"""The leaderboard of retrieval: experiments by what their last run handed out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION
from klue_pipeline.odqa.metrics import experiment_ranking
from klue_pipeline.odqa.metrics.experiment_ranking import UNIT, JudgedExperiment, add_note
from klue_pipeline.odqa.metrics.judgement import measure_outcomes, scores_down_to
from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.odqa.retrieval_report.report import Report
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, Ranked

OTHER_PASSAGES = "its report is about other passages than those of now: run it again"


def rank_experiments(
    entries: Mapping[str, LeaderboardEntry],
    reports: Mapping[str, Report],
    fingerprint: str,
    params: OdqaEvaluationParams,
) -> list[Ranked]:
    """Give experiments their scores and compare each with the best.

    Args:
        entries: What the run of each experiment left behind, without scores, by its name.
        reports: Retrieval reports by the name of their experiment, as
            :func:`~klue_pipeline.odqa.retrieval_report.report.judge` makes them, or
            ``report_refusal``.
        fingerprint: That of the passages now; reports about others are listed without scores.
        params: Intervals, and what is ranked by.

    Returns:
        The entries, best first. An experiment without validation questions has no rank beside
        others, because its questions are other ones. One whose runs could not be judged, or were
        about other passages, is listed with the reason, without scores.
    """
    reasons = {name: _explain(report, fingerprint) for name, report in reports.items()}
    judged = {name: _read(report) for name, report in reports.items() if not reasons[name]}
    shown = [add_note(entry, reasons.get(name, "")) for name, entry in entries.items()]
    return experiment_ranking.rank_experiments(shown, judged, ODQA_SCORES, params.select_by, params)


def _explain(report: Report, fingerprint: str) -> str:
    """Say why a report cannot be compared; nothing where it can."""
    if report.get("refused"):  # reports of earlier versions do not say
        return str(report["refused"])
    return "" if report["corpus"]["fingerprint"] == fingerprint else OTHER_PASSAGES


def _read(report: Report) -> JudgedExperiment:
    found, part = report["final_ranks"], report["main_part"]
    scores = scores_down_to(report["top_k"])
    outcomes = pd.DataFrame(
        measure_outcomes(np.asarray(found["rank"], dtype=np.int64), scores),
        columns=scores,
        index=pd.Index(found["question_id"], name="question_id"),
    ).assign(**{UNIT: found["unit"]})
    test = report["runs"][report["final"]]["parts"].get(TEST, {"scores": {}})["scores"]
    return JudgedExperiment(
        outcomes,
        partial="" if part == VALIDATION else f"{part} questions",
        note=report["verdict"],
        test_scores={
            score.name: test[score.name]["value"]
            for score in ODQA_SCORES.published
            if score.name in test
        },
    )
