"""Scores of runs with intervals, all on the same draws of the same questions.

Questions whose gold passages are of one group are drawn together (:attr:`RetrievalTruth.units`):
drawn one by one, they would count as more evidence than they are, and intervals would be narrower.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import (
    PERCENT,
    Draws,
    Judgement,
    draw_units,
    interval_ends,
)
from klue_pipeline.odqa.metrics.retrieval import FirstRanks, Ranks, is_within, reciprocal
from klue_pipeline.odqa.metrics.task_scores import ANSWER_SCORES, MRR, ODQA_SCORES, depth_of
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

Outcomes = NDArray[np.float64]
"""What each question adds to a score: 0 to 1. Shape: (questions, scores)."""


@dataclass(frozen=True)
class JudgedRun:
    """The scores of one run.

    Attributes:
        gold: Of the questions with a gold passage: ``recall_at_…`` and ``mrr``.
        answer: Of the questions with an answer: ``answer_recall_at_…``.
    """

    gold: Judgement | None
    answer: Judgement | None


def judge_runs(
    ranks: Mapping[str, FirstRanks],
    truth: RetrievalTruth,
    part: Mask,
    params: OdqaEvaluationParams,
    depth: int,
) -> dict[str, JudgedRun]:
    """Judge runs on a part of the questions.

    Args:
        ranks: What each run found, by its name.
        truth: The questions.
        part: Which of them count. Shape: (questions,).
        params: Draws, seed and confidence.
        depth: How many passages a run was asked for; recall further down is not told.

    Returns:
        A judgement by name. None in it where no question can be judged.
    """
    gold, answer = part & truth.has_gold, part & truth.has_answers
    of_gold = judge_ranks(
        {name: found.gold[gold] for name, found in ranks.items()}, truth.units[gold],
        scores_down_to(depth), params,
    )  # fmt: skip
    of_answer = judge_ranks(
        {name: found.answer[answer] for name, found in ranks.items()}, truth.units[answer],
        answer_scores_down_to(depth), params,
    )  # fmt: skip
    return {name: JudgedRun(of_gold.get(name), of_answer.get(name)) for name in ranks}


def scores_down_to(depth: int) -> list[str]:
    """Name the scores of gold passages that runs of a depth allow."""
    return [score.name for score in ODQA_SCORES.scores if (depth_of(score.name) or 0) <= depth]


def answer_scores_down_to(depth: int) -> list[str]:
    """Name the scores of answers that runs of a depth allow."""
    return [score.name for score in ANSWER_SCORES if (depth_of(score.name) or 0) <= depth]


def judge_ranks(
    ranks: Mapping[str, Ranks],
    units: NDArray[np.int64],
    scores: Sequence[str],
    params: OdqaEvaluationParams,
) -> dict[str, Judgement]:
    """Judge runs by their ranks of the same questions.

    Args:
        ranks: A rank for each question, by the name of the run. Shape of each: (questions,).
        units: What is drawn together. Shape: (questions,).
        scores: Names of the scores.
        params: Draws, seed and confidence.

    Returns:
        A judgement by name; none at all without questions or runs.
    """
    outcomes = {name: measure_outcomes(own, scores) for name, own in ranks.items()}
    return judge_outcomes(outcomes, units, scores, params)


def judge_outcomes(
    outcomes: Mapping[str, Outcomes],
    units: NDArray[np.int64],
    scores: Sequence[str],
    params: OdqaEvaluationParams,
) -> dict[str, Judgement]:
    """Judge by what each of the same questions adds to each score.

    Args:
        outcomes: By the name of what is judged. Shape of each: (questions, scores).
        units: What is drawn together. Shape: (questions,).
        scores: Names of the scores.
        params: Draws, seed and confidence.

    Returns:
        A judgement by name; none at all without questions, or with nothing to judge.
    """
    if not len(units) or not outcomes:
        return {}
    columns = np.hstack(list(outcomes.values()))
    draws = np.split(draw_means(columns, units, params), len(outcomes))
    means = np.split(PERCENT * columns.mean(axis=0), len(outcomes))
    return {
        name: _conclude(scores, own_means, own_draws, params.confidence)
        for name, own_means, own_draws in zip(outcomes, means, draws, strict=True)
    }


def judge_parts(
    outcomes: Outcomes,
    parts: Sequence[Mask],
    units: NDArray[np.int64],
    params: OdqaEvaluationParams,
) -> list[list[dict[str, float]]]:
    """Judge parts of the questions, all on the same draws of all questions.

    Args:
        outcomes: What each question adds to each score.
        parts: Which questions belong to each part; at least one each. Shape of each: (questions,).
        units: What is drawn together. Shape: (questions,).
        params: Draws, seed and confidence.

    Returns:
        For each part and score ``value``, ``low`` and ``high``, 0 to 100. Draws without a question
        of the part are left out.
    """
    counted = np.column_stack(parts).astype(np.float64)
    by_part = counted[:, :, None] * outcomes[:, None, :]
    n_rows, n_parts, n_scores = by_part.shape
    totals = np.repeat(counted, n_scores, axis=1)
    draws = draw_means(by_part.reshape(n_rows, -1), units, params, totals)
    means = PERCENT * by_part.sum(axis=0) / counted.sum(axis=0)[:, None]
    return [
        [_write_interval(own, float(mean), params.confidence)
         for own, mean in zip(of_part, part_means, strict=True)]
        for of_part, part_means in zip(draws.reshape(n_parts, n_scores, -1), means, strict=True)
    ]  # fmt: skip


def measure_outcomes(ranks: Ranks, scores: Sequence[str]) -> Outcomes:
    """Return what each question adds to each score."""
    columns = [
        reciprocal(ranks) if name == MRR else is_within(ranks, depth_of(name) or 0)
        for name in scores
    ]
    return np.column_stack(columns).astype(np.float64)


def draw_means(
    outcomes: Outcomes,
    units: NDArray[np.int64],
    params: OdqaEvaluationParams,
    counted: Outcomes | None = None,
) -> NDArray[np.float64]:
    """Return the means of outcomes in every draw.

    Args:
        outcomes: What each question adds; 0 for one that does not count.
        units: What is drawn together. Shape: (questions,).
        params: Number of draws and their seed.
        counted: 1 for a question that counts, 0 for one that does not; None for all of them.

    Returns:
        0 to 100; NaN where a draw has no question that counts. Shape: (scores, draws).
    """
    parts = []
    for weights in draw_units(units, params.n_resamples, params.seed):
        totals = weights.sum(axis=0, dtype=np.float64) if counted is None else counted.T @ weights
        with np.errstate(invalid="ignore"):
            parts.append(PERCENT * (outcomes.T @ weights) / totals)
    return np.concatenate(parts, axis=1)


def write_estimates(judgement: Judgement | None) -> dict[str, dict[str, float]]:
    """Write every score with its interval, for JSON: ``value``, ``low`` and ``high``.

    Args:
        judgement: The scores; None where nothing could be judged, of which nothing is written.
    """
    estimates = {} if judgement is None else judgement.estimates()
    return {
        name: {"value": own.value, "low": own.low, "high": own.high}
        for name, own in estimates.items()
    }


def _conclude(
    names: Sequence[str],
    means: NDArray[np.float64],
    draws: NDArray[np.float64],
    confidence: float,
) -> Judgement:
    own_draws: Draws = dict(zip(names, draws, strict=True))
    return Judgement(dict(zip(names, means.tolist(), strict=True)), own_draws, confidence)


def _write_interval(
    draws: NDArray[np.float64], value: float, confidence: float
) -> dict[str, float]:
    usable = draws[np.isfinite(draws)]
    low, high = np.clip(interval_ends(usable, value, confidence), 0, PERCENT).tolist()
    return {"value": value, "low": low, "high": high}
