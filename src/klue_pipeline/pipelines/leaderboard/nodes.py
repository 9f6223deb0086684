"""Put every experiment on disk, finished or not, into one table."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.bundles import BundleShelf, refuse_taken_names
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.score_bundles import ScoreBundle
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.ensemble.standings import Contender, Standings, rank_contenders
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.prediction import (
    describe_expected,
    flat_estimates,
    from_json,
)
from klue_pipeline.relation.shift.prior import TargetPrior
from klue_pipeline.reporting.leaderboard import (
    LeaderboardEntry,
    build_leaderboard,
    measure_training,
)
from klue_pipeline.reporting.leaderboard_page import render_leaderboard
from klue_pipeline.runs.dataset_names import keys_of_folds
from klue_pipeline.runs.records.run_records import parse_records
from klue_pipeline.runs.records.run_summary import describe_run, summarise_run

ScoreLoaders = Mapping[str, Callable[[], ScoreTable]]
Loaders = Mapping[str, Callable[[], Any]]

BLEND = "blend of the last run"

PAGES_OF_A_RUN = {
    "blends": "ensemble_report.html",
    "files of predictions": "submissions.html",
    "errors of the last whole run": "errors.html",
}
"""Beside the leaderboard, once there was a run with a blend."""


def rank_experiments(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreLoaders,
    test_scores: ScoreLoaders,
    score_bundles: BundleShelf[ScoreBundle],
    run_records: Loaders,
    fold_metrics: Loaders,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    test_gold: pd.DataFrame,
    labels: LabelSet,
    evaluation: EvaluationParams,
    ensemble_out_of_fold: ScoreTable | None = None,
    ensemble_scores: ScoreTable | None = None,
    ensemble_report: dict[str, Any] | None = None,
    ensemble_target_prior: dict[str, Any] | None = None,
) -> tuple[pd.DataFrame, str]:
    """Rank every experiment, bundle and the latest blend; failed runs are listed too.

    Returns:
        The table, best first, and the same as a page.
    """
    run = RunRows(clean_sentences, fold_members, clean_test_sentences, labels)
    shelf = refuse_taken_names(score_bundles, {*out_of_fold, *run_records})
    contenders = {
        contender.entry.name: contender
        for contender in (
            *_experiments(out_of_fold, test_scores, run_records, fold_metrics),
            *_bundles(shelf),
            *_blend(ensemble_out_of_fold, ensemble_scores, ensemble_report),
        )
    }
    known = TargetPrior.from_json(ensemble_target_prior) if ensemble_target_prior else None
    standings = rank_contenders(contenders, run, gold_by_row(test_gold), evaluation, known)
    page = render_leaderboard(
        standings.ranked, RELATION_SCORES.find(standings.select_by), RELATION_SCORES,
        confidence=evaluation.confidence, remark=_remark(standings),
        pages={} if ensemble_report is None else PAGES_OF_A_RUN,
    )  # fmt: skip
    return build_leaderboard(standings.ranked, RELATION_SCORES), page


def _remark(standings: Standings) -> str:
    """Say what a reader must know of the scores: the prior of those that are shift-aware."""
    prior = standings.prior
    if prior is None or prior.report["source"] == "none":
        return ""
    return f"Shift-aware scores: {prior.description}."


def _experiments(
    out_of_fold: ScoreLoaders, test_scores: ScoreLoaders, run_records: Loaders, metrics: Loaders
) -> Iterator[Contender]:
    records = parse_records(run_records)
    for name in sorted(records.keys() | out_of_fold.keys()):
        run = summarise_run(records.get(name), has_scores=name in out_of_fold)
        folds = [metrics[key]() for key in keys_of_folds(metrics, name)]
        speed = measure_training(folds)
        judged = metrics[name]() if name in metrics else {}
        entry = describe_run(
            name,
            run,
            training_seconds=speed.seconds,
            rows_per_second=speed.rows_per_second,
            expected=describe_expected(judged),
            pages=_pages_of(name) if judged else {},
        )
        yield Contender(entry, _load(out_of_fold, name), _load(test_scores, name))


def _bundles(shelf: BundleShelf[ScoreBundle]) -> Iterator[Contender]:
    for name, bundle in shelf.bundles.items():
        about = bundle.description
        entry = LeaderboardEntry(
            name=name, kind="bundle", status="scores only", why=about.why,
            mlflow_run_id=about.mlflow_run_id, note=f"{about.folder} of another server",
        )  # fmt: skip
        yield Contender(entry, bundle.out_of_fold, bundle.test_scores)
    for name, reason in shelf.refused.items():
        yield Contender(LeaderboardEntry(name, "bundle", "failed", error=reason), None, None)


def _blend(
    out_of_fold: ScoreTable | None, scores: ScoreTable | None, report: dict[str, Any] | None
) -> Iterator[Contender]:
    """Yield the blend, if there was more than one experiment to blend."""
    if out_of_fold is None or report is None or len(report["members"]) <= 1:
        return
    why = f"{report['method']} of {', '.join(report['members'])}; judged nested"
    predicted = flat_estimates(from_json(report["predicted"]))
    entry = LeaderboardEntry(
        BLEND, "blend", "finished", why=why, pages={"report": "ensemble_report.html"},
        expected=describe_expected({**report, "predicted": predicted}),
    )  # fmt: skip
    yield Contender(entry, out_of_fold, scores)


def _pages_of(name: str) -> dict[str, str]:
    """Name what the report and errors stages leave of an experiment, beside the leaderboard."""
    files = {"errors": "errors.html", "confusion matrix": "confusion_matrix.png",
             "prediction": "prediction.html", "metrics": "metrics.json"}  # fmt: skip
    return {title: f"{name}/{file}" for title, file in files.items()}


def _load(loaders: ScoreLoaders, name: str) -> ScoreTable | None:
    return loaders[name]() if name in loaders else None
