"""The leaderboard of retrieval: experiments by what their last run handed out, compared in pairs.

Every report holds the ranks of its questions, so that scores, intervals and paired differences are
those of the settings now, whatever they were when it was written.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import Interval
from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION
from klue_pipeline.odqa.metrics.judgement import judge_ranks, scores_down_to
from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.odqa.retrieval_report.report import Report
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.leaderboard import (
    LeaderboardEntry,
    Ranked,
    give_verdict,
    rank_entries,
)

_OTHER_PASSAGES = "its report is about other passages than those of now: run it again"


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
            :func:`~klue_pipeline.odqa.retrieval_report.report.judge` makes them.
        fingerprint: That of the passages now; reports about others are listed without scores.
        params: Intervals, and what is ranked by.

    Returns:
        The entries, best first. An experiment without validation questions has no rank beside
        others, because its questions are other ones.
    """
    usable = {
        name: report
        for name, report in reports.items()
        if name in entries and report["corpus"]["fingerprint"] == fingerprint
    }
    filled = [
        _fill(entry, usable[name], params) if name in usable else _explain(entry, name in reports)
        for name, entry in entries.items()
    ]
    ranked = rank_entries(filled, ODQA_SCORES.find(params.select_by))
    best = ranked[0].entry if ranked else None
    if best is None or best.score(params.select_by) is None:
        return ranked
    return [place._replace(entry=_compare(place.entry, best, usable, params)) for place in ranked]


def _explain(entry: LeaderboardEntry, has_report: bool) -> LeaderboardEntry:
    return _with_note(entry, _OTHER_PASSAGES) if has_report else entry


def _fill(
    entry: LeaderboardEntry, report: Report, params: OdqaEvaluationParams
) -> LeaderboardEntry:
    ranks, part, final = _ranks_of(report), report["main_part"], report["final"]
    judged = judge_ranks(
        {final: ranks["rank"].to_numpy()}, ranks["unit"].to_numpy(),
        scores_down_to(report["top_k"]), params,
    )  # fmt: skip
    test = report["runs"][final]["parts"].get(TEST, {"scores": {}})["scores"]
    return replace(
        _with_note(entry, report["verdict"]),
        partial="" if part == VALIDATION else f"{part} questions",
        rows=len(ranks),
        scores=judged[final].estimates(),
        test_scores={score.name: test[score.name]["value"] for score in ODQA_SCORES.published
                     if score.name in test},
    )  # fmt: skip


def _with_note(entry: LeaderboardEntry, note: str) -> LeaderboardEntry:
    return replace(entry, note="; ".join(filter(None, [entry.note, note])))


def _ranks_of(report: Report) -> pd.DataFrame:
    return pd.DataFrame(report["final_ranks"]).set_index("question_id")


def _compare(
    entry: LeaderboardEntry,
    best: LeaderboardEntry,
    reports: Mapping[str, Report],
    params: OdqaEvaluationParams,
) -> LeaderboardEntry:
    if entry.name == best.name:
        return replace(entry, verdict=give_verdict(None, is_best=True))
    if entry.score(params.select_by) is None:
        return entry
    ranks, ranks_of_best = _ranks_of(reports[entry.name]), _ranks_of(reports[best.name])
    both = ranks.join(ranks_of_best["rank"].rename("rank_of_best"), how="inner")
    if not len(both):
        return replace(entry, verdict=give_verdict(None, reason="no question in common"))
    difference = _subtract(both, params)
    is_whole = len(both) == len(ranks) == len(ranks_of_best)
    return replace(
        entry,
        difference=difference,
        common_rows=None if is_whole else len(both),
        verdict=give_verdict(difference),
    )


def _subtract(both: pd.DataFrame, params: OdqaEvaluationParams) -> Interval:
    ranks = {name: both[name].to_numpy(np.int64) for name in ("rank", "rank_of_best")}
    judged = judge_ranks(ranks, both["unit"].to_numpy(), [params.select_by], params)
    return judged["rank"].minus(judged["rank_of_best"], params.select_by)
