"""Judge runs against gold passages, and compare experiments."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.retrieval_report.leaderboard import rank_experiments
from klue_pipeline.odqa.retrieval_report.misses import find_misses
from klue_pipeline.odqa.retrieval_report.page import (
    render_misses,
    render_no_misses,
    render_retrieval,
)
from klue_pipeline.odqa.retrieval_report.refusal import explain_refusal
from klue_pipeline.odqa.retrieval_report.report import Search, judge, report_refusal
from klue_pipeline.odqa.retrieval_report.table import final_scores, tabulate_scores
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.retriever_params import (
    FUSION,
    RERANKED,
    RerankParams,
    RetrievalParams,
)
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, build_leaderboard
from klue_pipeline.reporting.leaderboard_page import render_leaderboard
from klue_pipeline.runs.records.run_records import RunRecord, parse_records
from klue_pipeline.runs.records.run_summary import describe_run, summarise_run

logger = logging.getLogger(__name__)

Loaders = Mapping[str, Callable[[], Any]]

PAGES = {"questions missed": "misses.html", "all experiments": "../leaderboard.html"}
PAGES_OF_A_RUN = {"retrieval": "retrieval_report.html", "misses": "misses.html"}
"""What lies in the folder of an experiment, by what the leaderboard calls it."""


def judge_retrieval(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    run: pd.DataFrame,
    fused_run: pd.DataFrame,
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    passages: pd.DataFrame,
    fusion_report: dict[str, Any],
    about: AboutParams,
    retrieval: RetrievalParams,
    rerank: RerankParams,
    evaluation: OdqaEvaluationParams,
    *found: Any,
) -> tuple[dict[str, Any], pd.DataFrame, Any, str, str]:
    """Judge every retriever alone, then what is made of them.

    Args:
        run: What the experiment finds.
        fused_run: The same before it was ordered anew.
        examples: Questions of all parts.
        gold_passages: Where their answers are.
        passage_groups: Which passages say the same.
        passages: What was searched.
        fusion_report: How the fusion was made.
        about: Which experiment it is.
        retrieval: Its retrievers.
        rerank: Whether a cross-encoder ordered anew.
        evaluation: How it is judged.
        found: The retrievers' runs, then their reports, in the order of their names.

    Returns:
        The report, its scores as a table, curves of recall, and two pages: the report, and what
        was missed. Where nothing can be judged, all say why.
    """
    from klue_pipeline.odqa.retrieval_report.figure import draw_recall

    truth = RetrievalTruth.of(examples, gold_passages, passage_groups, passages)
    if refusal := explain_refusal(truth):
        logger.warning("Retrieval is not judged. %s", refusal)
        report = report_refusal(truth, refusal)
        misses = render_no_misses(refusal, about.folder)
    else:
        runs, search = _describe_search(run, fused_run, fusion_report, retrieval, rerank, found)
        report = judge(runs, truth, evaluation, search)
        missed = find_misses(run, truth, report["main_part"], evaluation.select_by)
        misses = render_misses(missed, about.folder, report["main_part"])
    return (
        {**report, "scores": final_scores(report), "fusion": fusion_report},
        tabulate_scores(report),
        draw_recall(report, about.folder),
        render_retrieval(report, about.folder, PAGES),
        misses,
    )


def _describe_search(
    run: pd.DataFrame,
    fused_run: pd.DataFrame,
    fusion_report: dict[str, Any],
    retrieval: RetrievalParams,
    rerank: RerankParams,
    found: Sequence[Any],
) -> tuple[dict[str, pd.DataFrame], Search]:
    """Return all runs by name, single ones first, and what is known of them."""
    names, half = retrieval.retrievers, len(retrieval.retrievers)
    searches = dict(zip(names, found[half:], strict=True))
    combined = {FUSION: fused_run} if half > 1 else {}
    combined |= {RERANKED: run} if rerank.name != "none" else {}
    learnt = {name for name in names if searches[name].get("trained")}
    learnt |= {FUSION} if learnt or "fitted_on" in fusion_report else set()
    search = Search(
        top_k=retrieval.top_k,
        combined=tuple(combined),
        trained=frozenset(learnt | ({RERANKED} if rerank.is_trained or learnt else set())),
        costs={name: report.get("costs", {}) for name, report in searches.items()},
    )
    return {**dict(zip(names, found[:half], strict=True)), **combined}, search


def rank_retrieval(
    reports: Loaders,
    records: Loaders,
    retrieval_report: dict[str, Any],
    evaluation: OdqaEvaluationParams,
) -> tuple[pd.DataFrame, str]:
    """Rank every experiment on disk; failed runs are listed too.

    Args:
        reports: What each experiment's report says.
        records: What each experiment's latest run came to.
        retrieval_report: That of this run, which knows the passages of now.
        evaluation: Intervals, and what is ranked by.

    Returns:
        The table, best first, and the same as a page.
    """
    known = {name: load() for name, load in reports.items()}
    stored = parse_records(records)
    entries = {name: _entry(name, stored.get(name), known.get(name))
               for name in sorted(stored.keys() | known.keys())}  # fmt: skip
    passages = retrieval_report["corpus"]["fingerprint"]
    ranked = rank_experiments(entries, known, passages, evaluation)
    page = render_leaderboard(
        ranked,
        ODQA_SCORES.find(evaluation.select_by),
        ODQA_SCORES,
        confidence=evaluation.confidence,
    )
    return build_leaderboard(ranked, ODQA_SCORES), page


def _entry(
    name: str, record: RunRecord | None, report: Mapping[str, Any] | None
) -> LeaderboardEntry:
    run = summarise_run(record, has_scores=report is not None)
    pages = {title: f"{name}/{file}" for title, file in PAGES_OF_A_RUN.items()}
    return describe_run(name, run, pages={} if report is None else pages)
