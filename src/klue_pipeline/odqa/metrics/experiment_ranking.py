"""The leaderboard of a half of the task: experiments by what each question adds, compared in pairs.

Reports hold what each of their questions adds to the scores, so that scores, intervals and paired
differences are those of the settings now, whatever they were when a report was written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import Estimate, Interval
from klue_pipeline.evaluation.significance import mcnemar
from klue_pipeline.odqa.metrics.judgement import judge_outcomes
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.leaderboard import (
    LeaderboardEntry,
    Ranked,
    give_verdict,
    rank_entries,
)
from klue_pipeline.reporting.task_scores import TaskScores

UNIT = "unit"
"""The column that says what is drawn together."""

_OF_BEST = "of_best_"
"""How the columns of the best begin, beside those of another."""


@dataclass(frozen=True, eq=False)
class JudgedExperiment:
    """What an experiment's report says.

    Attributes:
        outcomes: What each question adds to each score, 0 to 1, by ``question_id``; missing where
            the question does not count. With a column ``unit``.
        partial: Which other questions these are; empty for those that experiments are ranked on.
        note: What a reader should know besides.
        test_scores: Scores of test questions with known answers, 0 to 100.
    """

    outcomes: pd.DataFrame
    partial: str = ""
    note: str = ""
    test_scores: Mapping[str, float] = field(default_factory=dict)


def rank_experiments(
    entries: Sequence[LeaderboardEntry],
    judged: Mapping[str, JudgedExperiment],
    task: TaskScores,
    select_by: str,
    params: OdqaEvaluationParams,
) -> list[Ranked]:
    """Give experiments their scores and compare each with the best.

    Args:
        entries: What the run of each experiment left behind, without scores.
        judged: By name what is known of those that can be compared; the others have no scores.
        task: The scores.
        select_by: What is ranked by.
        params: Intervals.

    Returns:
        The entries, best first. An experiment of other questions has no rank beside others.
    """
    filled = [
        _fill(entry, judged[entry.name], task, params) if entry.name in judged else entry
        for entry in entries
    ]
    ranked = rank_entries(filled, task.find(select_by))
    best = ranked[0].entry if ranked else None
    if best is None or best.score(select_by) is None:
        return ranked
    return [
        place._replace(entry=_compare(place.entry, best, judged, (select_by, task.tested), params))
        for place in ranked
    ]


def add_note(entry: LeaderboardEntry, note: str) -> LeaderboardEntry:
    """Add what a reader should know of an entry."""
    return replace(entry, note="; ".join(filter(None, [entry.note, note])))


def _fill(
    entry: LeaderboardEntry,
    experiment: JudgedExperiment,
    task: TaskScores,
    params: OdqaEvaluationParams,
) -> LeaderboardEntry:
    known = [score.name for score in task.scores if score.name in experiment.outcomes]
    return replace(
        add_note(entry, experiment.note),
        partial=experiment.partial,
        rows=len(experiment.outcomes),
        scores=_estimate(experiment.outcomes, known, params),
        test_scores=experiment.test_scores,
    )


def _estimate(
    outcomes: pd.DataFrame, scores: Sequence[str], params: OdqaEvaluationParams
) -> dict[str, Estimate]:
    """Estimate the scores, those that rest on the same questions on the same draws."""
    by_rows: dict[bytes, list[str]] = {}
    for score in scores:
        by_rows.setdefault(outcomes[score].notna().to_numpy(bool).tobytes(), []).append(score)
    found: dict[str, Estimate] = {}
    for names in by_rows.values():
        counted = outcomes[outcomes[names[0]].notna()]
        columns = {"": counted[names].to_numpy(np.float64)}
        judged = judge_outcomes(columns, counted[UNIT].to_numpy(), names, params)
        found |= {name: own for one in judged.values() for name, own in one.estimates().items()}
    return found


def _compare(
    entry: LeaderboardEntry,
    best: LeaderboardEntry,
    judged: Mapping[str, JudgedExperiment],
    compared: tuple[str, str],
    params: OdqaEvaluationParams,
) -> LeaderboardEntry:
    """Compare an entry with the best, in a score and in what is right or wrong by question."""
    score, tested = compared
    if entry.name == best.name:
        return replace(entry, verdict=give_verdict(None, is_best=True))
    if entry.score(score) is None:
        return entry
    own, other = (judged[name].outcomes.dropna(subset=score) for name in (entry.name, best.name))
    both = own.join(other.add_prefix(_OF_BEST), how="inner")
    if not len(both):
        return replace(entry, verdict=give_verdict(None, reason="no question in common"))
    difference = _subtract(both, score, params)
    is_whole = len(both) == len(own) == len(other)
    return replace(
        entry,
        difference=difference,
        common_rows=None if is_whole else len(both),
        mcnemar_p=_test(both, tested) if tested else None,
        verdict=give_verdict(difference),
    )


def _subtract(both: pd.DataFrame, score: str, params: OdqaEvaluationParams) -> Interval:
    outcomes = {start: both[[start + score]].to_numpy(np.float64) for start in ("", _OF_BEST)}
    judged = judge_outcomes(outcomes, both[UNIT].to_numpy(), [score], params)
    return judged[""].minus(judged[_OF_BEST], score)


def _test(both: pd.DataFrame, tested: str) -> float:
    """Return the p-value of McNemar's test, which takes every question as evidence of its own."""
    return mcnemar(both[tested] > 0, both[_OF_BEST + tested] > 0).p_value
