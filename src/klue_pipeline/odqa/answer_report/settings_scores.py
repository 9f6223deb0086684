"""What was answered end to end and given the gold passage, side by side; the rest is retrieval."""

from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.answer_report.answered import AnsweredQuestions
from klue_pipeline.odqa.answer_report.variants import DEPTHS, END_TO_END, GIVEN_GOLD
from klue_pipeline.odqa.metrics.answer_judgement import (
    compare_answers,
    judge_answers,
)
from klue_pipeline.odqa.metrics.judgement import judge_outcomes, write_estimates
from klue_pipeline.odqa.metrics.retrieval import is_within
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams


def judge_settings(
    answered: AnsweredQuestions, in_gold: pd.DataFrame, params: OdqaEvaluationParams
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Judge what was handed out, and what the reader would say given the gold passage.

    Args:
        answered: The questions and what became of them.
        in_gold: Scores given the gold passage, of the questions that have one.
        params: Intervals.

    Returns:
        By setting the scores (given the gold passage of the questions that have one, end to end of
        all), and by how much the former are higher on the questions that have one, as
        :func:`compare_answers`; None without such questions. Answers that were kept back count
        there: it is about what was found.
    """
    questions = answered.questions
    linked = answered.scores_of_all[questions.has_gold].reset_index(drop=True)
    pair = {GIVEN_GOLD: in_gold, END_TO_END: linked}
    of_linked = judge_answers(pair, questions.with_gold(), params)
    of_all = judge_answers({END_TO_END: answered.scores}, questions, params)
    scores = {name: write_estimates(own) for name, own in {**of_linked, **of_all}.items()}
    if not of_linked:
        return scores, None
    return scores, compare_answers((GIVEN_GOLD, END_TO_END), pair, of_linked)


def judge_depths(
    answered: AnsweredQuestions, failures: pd.DataFrame, params: OdqaEvaluationParams
) -> list[dict[str, Any]]:
    """Say how many questions have their passage, and an answer, in so many passages.

    Args:
        answered: The questions and what became of them.
        failures: That of :func:`~klue_pipeline.odqa.answer_report.failures.name_failures`.
        params: Intervals.

    Returns:
        By ``depth``, as far as was read, the share of questions with a passage of the ``gold``
        passage's group (of those that have one), and with an ``answer`` string, among the best.
    """
    questions, top_k = answered.questions, answered.params.top_k
    depths = [*(own for own in DEPTHS if own < top_k), top_k]
    gold = failures["gold_rank"].to_numpy(np.int64)[questions.has_gold]
    found = {
        "gold": _judge_ranks(gold, questions.with_gold().units, depths, params),
        "answer": _judge_ranks(
            failures["answer_rank"].to_numpy(np.int64), questions.units, depths, params
        ),
    }
    return [
        {"depth": depth, **{what: own.get(str(depth)) for what, own in found.items()}}
        for depth in depths
    ]


def _judge_ranks(
    ranks: np.ndarray[Any, np.dtype[np.int64]],
    units: np.ndarray[Any, np.dtype[np.int64]],
    depths: list[int],
    params: OdqaEvaluationParams,
) -> dict[str, dict[str, float]]:
    outcomes = np.column_stack([is_within(ranks, depth) for depth in depths]).astype(np.float64)
    judged = judge_outcomes({"found": outcomes}, units, [str(own) for own in depths], params)
    return write_estimates(judged.get("found"))
