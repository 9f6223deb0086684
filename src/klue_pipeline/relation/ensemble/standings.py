"""What is known of every experiment -> the entries of the leaderboard, judged and ranked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import Judgement
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.ensemble.field import Comparison, Rules, compare_with_best, judge_field
from klue_pipeline.relation.ensemble.panel import seat_out_of_fold, seat_test
from klue_pipeline.relation.ensemble.preparation import resolve_common_prior
from klue_pipeline.relation.ensemble.selection import why_not_judged
from klue_pipeline.relation.metrics.evaluation import evaluate_known_rows
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, ScoreName
from klue_pipeline.relation.shift.prior import TargetPrior
from klue_pipeline.reporting.leaderboard import (
    LeaderboardEntry,
    Ranked,
    give_verdict,
    rank_entries,
)


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
    """The entries best first, what they are ranked by, and the prior of shift-aware scores."""

    ranked: list[Ranked]
    select_by: ScoreName
    prior: TargetPrior | None


def rank_contenders(
    contenders: Mapping[str, Contender],
    run: RunRows,
    test_gold: pd.Series,
    evaluation: EvaluationParams,
    known: TargetPrior | None = None,
) -> Standings:
    """Judge all contenders by one target population, and compare each with the best.

    Args:
        contenders: Everything on disk, by name; scores of other rows are listed with the reason.
        run: Rows, folds and labels of this run.
        test_gold: True label names of test rows, indexed by row id; empty if there are none.
        evaluation: The target's prior, intervals, and the score that ranks.
        known: The prior of the latest blend; taken if it was estimated from the same scores.
    """
    reasons = {name: _why_not(contender, run) for name, contender in contenders.items()}
    models = {
        name: run.label(contender.out_of_fold)
        for name, contender in contenders.items()
        if contender.out_of_fold is not None and not reasons[name]
    }
    prior = _resolve(contenders, models, run, evaluation, known)
    population = None if prior is None else prior.population
    select_by = evaluation.ranking_score(has_target=population is not None)
    rules = Rules(population, evaluation, select_by)
    judged = judge_field(models, rules)
    entries = [
        _fill(contender, judged.get(name), reasons[name], test_gold, run)
        for name, contender in contenders.items()
    ]
    ranked = rank_entries(entries, RELATION_SCORES.find(select_by))
    return Standings(_with_verdicts(ranked, models, judged, rules), select_by, prior)


def _why_not(contender: Contender, run: RunRows) -> str:
    if contender.out_of_fold is None:
        return ""
    return why_not_judged(contender.out_of_fold, run.provenance)


def _resolve(
    contenders: Mapping[str, Contender],
    models: Mapping[str, LabelledScores],
    run: RunRows,
    evaluation: EvaluationParams,
    known: TargetPrior | None,
) -> TargetPrior | None:
    """Find the prior from those with scores of the test rows; a blend would count them twice."""
    test = {
        name: contender.test_scores
        for name, contender in contenders.items()
        if name in models and contender.test_scores is not None and contender.entry.kind != "blend"
    }
    if not test:
        return None
    # Experiments of some folds only would leave few rows in common, or none.
    longest = models[max(test, key=lambda name: len(models[name]))].table
    part = run.provenance.describe_part(longest)
    whole = [
        name
        for name in test
        if len(models[name]) == len(longest)
        and run.provenance.describe_part(models[name].table) == part
    ]
    panel = seat_out_of_fold({name: models[name] for name in whole})
    test_panel = seat_test({name: test[name] for name in whole})
    return resolve_common_prior(panel, test_panel, run.labels, evaluation, known)


def _fill(
    contender: Contender,
    judgement: Judgement | None,
    reason: str,
    test_gold: pd.Series,
    run: RunRows,
) -> LeaderboardEntry:
    entry, table = contender.entry, contender.out_of_fold
    if table is None or judgement is None:
        return replace(entry, note="; ".join(filter(None, [entry.note, reason])))
    test = None
    if contender.test_scores is not None and len(test_gold):
        test = evaluate_known_rows(contender.test_scores, test_gold, run.labels)
    return replace(
        entry,
        partial=run.provenance.describe_part(table),
        rows=len(table),
        folds=None if table.folds is None else len(np.unique(table.folds)),
        scores=judgement.estimates(),
        test_scores={
            score.name: float(test[score.name]) for score in RELATION_SCORES.published if test
        },
    )


def _with_verdicts(
    ranked: list[Ranked],
    models: Mapping[str, LabelledScores],
    judged: Mapping[str, Judgement],
    rules: Rules,
) -> list[Ranked]:
    """Compare every entry with the first one, if any was judged."""
    if not judged:
        return ranked
    best = ranked[0].entry.name
    compared = compare_with_best(models, judged, best, rules)
    return [
        place._replace(entry=_with_verdict(place.entry, compared.get(place.entry.name), best))
        for place in ranked
    ]


def _with_verdict(
    entry: LeaderboardEntry, comparison: Comparison | None, best: str
) -> LeaderboardEntry:
    if comparison is None:
        return replace(entry, verdict=give_verdict(None, is_best=entry.name == best))
    return replace(
        entry,
        difference=comparison.difference,
        mcnemar_p=comparison.p_value,
        common_rows=comparison.common_rows,
        verdict=give_verdict(comparison.difference, reason=comparison.reason),
    )
