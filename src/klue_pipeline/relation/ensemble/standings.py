"""What is known of every experiment -> the entries of the leaderboard."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.judgement import Judgement
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.field import Comparison, Rules, compare_with_best, judge_field
from klue_pipeline.relation.ensemble.members import BlendTask, seat_out_of_fold, seat_test
from klue_pipeline.relation.ensemble.preparation import resolve_common_target
from klue_pipeline.relation.ensemble.selection import Origin, why_not_judged
from klue_pipeline.relation.metrics.evaluation import evaluate_known_rows
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, ScoreName
from klue_pipeline.relation.shift.resolve import Resolved
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, give_verdict, rank_entries


@dataclass(frozen=True)
class Contender:
    """One experiment, bundle or blend as it lies on disk.

    Attributes:
        entry: What its run left behind, without scores.
        out_of_fold: Its out-of-fold scores; None if it left none.
        test_scores: Its test scores; None if it left none.
    """

    entry: LeaderboardEntry
    out_of_fold: ScoreTable | None
    test_scores: ScoreTable | None


@dataclass(frozen=True)
class Standings:
    """The entries, what they are ranked by, and the target that was told for."""

    entries: list[LeaderboardEntry]
    select_by: ScoreName
    resolved: Resolved | None


def rank_contenders(
    contenders: Mapping[str, Contender],
    task: BlendTask,
    origin: Origin,
    test_gold: pd.Series,
    evaluation: EvaluationParams,
) -> Standings:
    """Judge all contenders by one target, and compare each with the best.

    Args:
        contenders: Everything on disk, by name.
        task: Rows, folds and labels of this run.
        origin: What scores of this run are recognised by; others are listed with the reason.
        test_gold: True label names of test rows, indexed by row id; empty if there are none.
        evaluation: The target's prior, intervals, and the score that ranks.
    """
    reasons = {name: _why_not(own, origin) for name, own in contenders.items()}
    tables = {
        name: own.out_of_fold
        for name, own in contenders.items()
        if own.out_of_fold is not None and not reasons[name]
    }
    resolved = _resolve(contenders, tables, task, evaluation)
    has_target = resolved is not None and resolved.target is not None
    select_by = evaluation.told_by(has_target=has_target)
    target = resolved.target if resolved is not None else None
    rules = Rules(task.gold, task.labels, target, evaluation, select_by)
    judged = judge_field(tables, rules)
    entries = [
        _fill(own, judged.get(name), reasons[name], test_gold, task)
        for name, own in contenders.items()
    ]
    return Standings(_with_verdicts(entries, tables, judged, rules), select_by, resolved)


def _why_not(own: Contender, origin: Origin) -> str:
    return "" if own.out_of_fold is None else why_not_judged(own.out_of_fold, origin)


def _resolve(
    contenders: Mapping[str, Contender],
    tables: Mapping[str, ScoreTable],
    task: BlendTask,
    evaluation: EvaluationParams,
) -> Resolved | None:
    """Find the target from those with scores of the test rows; a blend would count them twice."""
    test = {
        name: own.test_scores
        for name, own in contenders.items()
        if name in tables and own.test_scores is not None and own.entry.kind != "blend"
    }
    # Experiments of some folds only would leave few rows in common.
    longest = max((len(tables[name]) for name in test), default=0)
    whole = [name for name in test if len(tables[name]) == longest]
    if not whole:
        return None
    panel = seat_out_of_fold({name: tables[name] for name in whole})
    test_panel = seat_test({name: test[name] for name in whole})
    return resolve_common_target(panel, test_panel, task, evaluation)


def _fill(
    own: Contender,
    judgement: Judgement | None,
    reason: str,
    test_gold: pd.Series,
    task: BlendTask,
) -> LeaderboardEntry:
    table = own.out_of_fold
    if table is None or judgement is None:
        return replace(own.entry, note="; ".join(filter(None, [own.entry.note, reason])))
    test = (
        None
        if own.test_scores is None
        else evaluate_known_rows(own.test_scores, test_gold, task.labels)
    )
    return replace(
        own.entry,
        rows=len(table),
        folds=None if table.folds is None else len(np.unique(table.folds)),
        scores=judgement.estimates(),
        test_scores={
            score.name: float(test[score.name]) for score in RELATION_SCORES.published if test
        },
    )


def _with_verdicts(
    entries: list[LeaderboardEntry],
    tables: Mapping[str, ScoreTable],
    judged: Mapping[str, Judgement],
    rules: Rules,
) -> list[LeaderboardEntry]:
    if not judged:
        return entries
    best = rank_entries(entries, RELATION_SCORES.find(rules.select_by))[0].entry.name
    compared = compare_with_best(tables, judged, best, rules)
    return [_with_verdict(entry, compared.get(entry.name), best) for entry in entries]


def _with_verdict(
    entry: LeaderboardEntry, comparison: Comparison | None, best: str
) -> LeaderboardEntry:
    if comparison is None:
        return replace(entry, verdict=give_verdict(None, is_best=entry.name == best))
    return replace(
        entry,
        difference=comparison.difference,
        mcnemar_p=comparison.p_value,
        verdict=give_verdict(comparison.difference, reason=comparison.reason),
    )
