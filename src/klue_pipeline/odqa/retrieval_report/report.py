"""Everything that is said of the runs of an experiment, as one document for JSON.

Table, figure and page are made from it alone. The questions that decide are those of the main part:
validation questions, or others only where there are none. Where nothing can be judged, it says why
and has no score.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import best_first
from klue_pipeline.odqa.ingest.schema import TEST, TRAIN, VALIDATION
from klue_pipeline.odqa.metrics.judgement import (
    JudgedRun,
    judge_runs,
    measure_outcomes,
    scores_down_to,
    write_estimates,
)
from klue_pipeline.odqa.metrics.retrieval import FirstRanks, find_first_ranks
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.odqa.retrieval_report.comparisons import compare_runs, conclude
from klue_pipeline.odqa.retrieval_report.finds import report_finds
from klue_pipeline.odqa.retrieval_report.refusal import explain_refusal
from klue_pipeline.odqa.retrieval_report.slices import judge_slices
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

ALL_LABELLED = "all labelled"
"""Training and validation questions together."""

_PARTS = (VALIDATION, TRAIN, ALL_LABELLED, TEST)

Report = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """What is known of a search besides its runs.

    Attributes:
        top_k: How many passages each run was asked for.
        combined: Runs that are made of others, such as the fusion, in the order in which they are
            made; the last one is what the experiment hands out. Empty with a single retriever.
        trained: Runs that learnt, or were fitted, from the training questions, also by a member.
        costs: What a run took, by its name, as far as it is known: ``search_seconds`` for
            ``searched_questions``, and ``index_bytes``.
    """

    top_k: int
    combined: tuple[str, ...] = ()
    trained: frozenset[str] = frozenset()
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def report_refusal(truth: RetrievalTruth, reason: str) -> Report:
    """Write the report of runs that cannot be judged.

    Args:
        truth: What would count as found.
        reason: Why they are not.
    """
    return {
        "refused": reason,
        "main_part": VALIDATION,
        "corpus": _describe_corpus(truth),
        "runs": {},
    }


def judge(
    runs: Mapping[str, pd.DataFrame],
    truth: RetrievalTruth,
    params: OdqaEvaluationParams,
    search: Search,
) -> Report:
    """Judge the runs of an experiment.

    Args:
        runs: Schema ``Run``, by name: single retrievers, then ``search.combined``.
        truth: What counts as found.
        params: Intervals, and the score that decides.
        search: What else is known.

    Returns:
        - ``refused`` (None), ``main_part``, ``select_by``, ``confidence``, ``n_resamples`` and
          ``top_k``;
        - ``corpus``: ``passages``, ``groups`` and ``fingerprint`` of the passages;
        - ``questions``: by part, how many there are, and of how many gold passage and answers are
          known; the others are in no score;
        - ``singles``, ``combined``, ``final``, ``best_single``: names of runs;
        - ``runs``: by name ``trained``, ``costs`` and ``parts``, each with ``scores`` (``value``,
          ``low``, ``high``), ``without_passages`` (questions that the run says nothing about) and
          ``learnt_from`` (whether the run saw the answers of these questions);
        - ``comparisons``: combined runs against others, paired, and ``verdict`` in a sentence;
        - ``slices``, ``finds``: as :func:`judge_slices` and :func:`report_finds` return them;
        - ``final_ranks``: of the main part's questions with a gold passage ``question_id``,
          ``rank`` of the gold passage (0: not found) and ``unit``, what is drawn together.

    Raises:
        ValueError: There is no run or no question to judge by, ``search.combined`` names no run,
            the runs are too short for ``select_by``, or a run has unknown passages.
    """
    _require_judgeable(runs, truth, params, search)
    ranks = {name: find_first_ranks(run, truth) for name, run in runs.items()}
    masks = _parts(truth)
    judged = {part: judge_runs(ranks, truth, mask, params, search.top_k)
              for part, mask in masks.items()}  # fmt: skip
    main = next(iter(masks))
    of_main = {name: run.gold for name, run in judged[main].items() if run.gold is not None}
    singles = [name for name in runs if name not in search.combined]
    final = (*singles, *search.combined)[-1]
    best = best_first({name: of_main[name].scores[params.select_by] for name in singles})[0]
    comparisons = compare_runs(of_main, singles, search.combined)
    rows = masks[main] & truth.has_gold
    return {
        "refused": None,
        "main_part": main,
        **params.model_dump(include={"select_by", "confidence", "n_resamples"}),
        "top_k": search.top_k,
        "corpus": _describe_corpus(truth),
        "questions": {part: _count(truth, part, mask) for part, mask in masks.items()},
        "singles": singles,
        "combined": list(search.combined),
        "final": final,
        "best_single": best,
        "runs": {name: _describe_run(name, ranks[name], judged, masks, search) for name in runs},
        "comparisons": comparisons,
        "verdict": conclude(comparisons, search.combined, best, params.select_by),
        "slices": judge_slices(
            {
                name: measure_outcomes(found.gold[rows], [params.select_by])[:, 0]
                for name, found in ranks.items()
            },
            truth,
            rows,
            params,
        ),
        "finds": report_finds(
            {name: ranks[name].gold for name in singles}, truth, rows, params.select_by
        ),
        "final_ranks": _list_ranks(ranks[final], truth, rows),
    }


def fingerprint_passages(passages: pd.DataFrame) -> str:
    """Hash what was searched, so that reports about other passages are told apart."""
    content = hashlib.sha256()
    for row in passages[["passage_id", "title", "text"]].itertuples(index=False):
        content.update("\0".join(map(str, row)).encode("utf-8", "surrogatepass") + b"\1")
    return content.hexdigest()


def _require_judgeable(
    runs: Mapping[str, pd.DataFrame],
    truth: RetrievalTruth,
    params: OdqaEvaluationParams,
    search: Search,
) -> None:
    if not runs:
        raise ValueError("Found no run to judge; at least one was wanted.")
    if refusal := explain_refusal(truth):
        raise ValueError(refusal)
    if unknown := [name for name in search.combined if name not in runs]:
        raise ValueError(f"Found no run called {unknown[0]!r}; there are {', '.join(runs)}.")
    if set(search.combined) >= set(runs):
        raise ValueError("Found combined runs only; the single runs they are made of were wanted.")
    if params.select_by not in scores_down_to(search.top_k):
        raise ValueError(
            f"odqa.evaluation.select_by is {params.select_by}, and runs have {search.top_k} "
            "passages a question; raise odqa.retrieval.top_k or select by recall at fewer."
        )


def _parts(truth: RetrievalTruth) -> dict[str, Mask]:
    """Return the parts that have a question with a gold passage; the one that decides is first."""
    part = truth.questions["part"].to_numpy()
    masks = {name: part == name for name in (VALIDATION, TRAIN, TEST)}
    masks[ALL_LABELLED] = masks[VALIDATION] | masks[TRAIN]
    known = {name: masks[name] for name in _PARTS if (masks[name] & truth.has_gold).any()}
    # With one of the two alone, both together would say the same again.
    if not {VALIDATION, TRAIN} <= known.keys():
        known.pop(ALL_LABELLED, None)
    return known


def _count(truth: RetrievalTruth, part: str, mask: Mask) -> dict[str, int]:
    named = (VALIDATION, TRAIN) if part == ALL_LABELLED else (part,)
    gold = mask & truth.has_gold
    return {
        "questions": sum(truth.n_given.get(name, 0) for name in named),
        "with_gold": int(gold.sum()),
        "with_answers": int((mask & truth.has_answers).sum()),
        "units": len(np.unique(truth.units[gold])),
    }


def _describe_corpus(truth: RetrievalTruth) -> dict[str, Any]:
    return {
        "passages": len(truth.passages),
        "groups": len(np.unique(truth.group_of_passage)),
        "fingerprint": fingerprint_passages(truth.passages),
    }


def _describe_run(
    name: str,
    ranks: FirstRanks,
    judged: Mapping[str, Mapping[str, JudgedRun]],
    masks: Mapping[str, Mask],
    search: Search,
) -> dict[str, Any]:
    is_trained = name in search.trained
    return {
        "trained": is_trained,
        "costs": dict(search.costs.get(name, {})),
        "parts": {
            part: {
                "scores": _write_scores(judged[part][name]),
                "without_passages": int((ranks.returned[mask] == 0).sum()),
                "learnt_from": is_trained and part in {TRAIN, ALL_LABELLED},
            }
            for part, mask in masks.items()
        },
    }


def _write_scores(run: JudgedRun) -> dict[str, dict[str, float]]:
    return {**write_estimates(run.gold), **write_estimates(run.answer)}


def _list_ranks(ranks: FirstRanks, truth: RetrievalTruth, rows: Mask) -> dict[str, list[Any]]:
    return {
        "question_id": truth.questions.loc[rows, "question_id"].tolist(),
        "rank": ranks.gold[rows].tolist(),
        "unit": pd.factorize(truth.units[rows])[0].tolist(),
    }
