"""How good other ways to choose would have been, each compared with the one that was chosen."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.intervals import Judgement
from klue_pipeline.odqa.answer_report.answered import AnsweredQuestions
from klue_pipeline.odqa.answer_report.variants import (
    END_TO_END,
    GIVEN_GOLD,
    Variant,
    list_variants,
)
from klue_pipeline.odqa.metrics.answer_judgement import (
    JudgedQuestions,
    compare_answers,
    judge_answers,
)
from klue_pipeline.odqa.metrics.judgement import write_estimates
from klue_pipeline.odqa.retrieval_report.comparisons import word_verdict
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

CHOSEN = "chosen"


def score_variants(answered: AnsweredQuestions) -> dict[Variant, pd.DataFrame]:
    """Score every way to choose that what was read allows.

    Returns:
        As :meth:`JudgedQuestions.score`; given the gold passage on the questions that have one.
        What was handed out counts for the way that was chosen, with answers that were kept back.
    """
    questions = _questions_of(answered)
    variants = list_variants(answered.params, has_weight=answered.has_weight)
    scores = {
        variant: own.score(own.find_texts(answers))
        for variant, answers in answered.read.answer(variants).items()
        for own in [questions[variant.setting]]
    }
    return {**scores, answered.chosen: answered.scores_of_all}


def judge_variants(
    answered: AnsweredQuestions,
    scores: Mapping[Variant, pd.DataFrame],
    params: OdqaEvaluationParams,
) -> list[dict[str, Any]]:
    """Judge the ways to choose, and compare each with the one that was chosen.

    Args:
        answered: The questions and what became of them.
        scores: Those of :func:`score_variants`.
        params: Intervals, and the score that decides.

    Returns:
        For each ``name``, what it stands for (``setting``, ``depth``, ``trimmed``, ``weighted``,
        ``chosen``), ``questions``, ``scores``, and against the chosen one of its setting
        ``comparison``, as :func:`compare_answers`, and ``verdict``.
    """
    bases = {GIVEN_GOLD: answered.chosen_in_gold, END_TO_END: answered.chosen}
    return [
        described
        for setting, questions in _questions_of(answered).items()
        for described in _judge_setting(bases[setting], scores, questions, params)
    ]


def _questions_of(answered: AnsweredQuestions) -> dict[str, JudgedQuestions]:
    return {GIVEN_GOLD: answered.questions.with_gold(), END_TO_END: answered.questions}


def _judge_setting(
    base: Variant,
    scores: Mapping[Variant, pd.DataFrame],
    questions: JudgedQuestions,
    params: OdqaEvaluationParams,
) -> list[dict[str, Any]]:
    variants = [variant for variant in scores if variant.setting == base.setting]
    own = {variant.name: scores[variant] for variant in variants}
    judged = judge_answers(own, questions, params)
    return [
        {
            "name": variant.name,
            "setting": variant.setting,
            "depth": variant.depth,
            "trimmed": variant.trimmed,
            "weighted": variant.weighted,
            "chosen": variant == base,
            "questions": len(questions),
            "scores": write_estimates(judged[variant.name]),
            **_compare(variant.name, base.name, own, judged, params.select_answers_by),
        }
        for variant in variants
        if judged
    ]


def _compare(
    name: str,
    base: str,
    outcomes: Mapping[str, pd.DataFrame],
    judged: Mapping[str, Judgement],
    select_by: str,
) -> dict[str, Any]:
    if name == base:
        return {"comparison": None, "verdict": CHOSEN}
    verdict = word_verdict(judged[name].minus(judged[base], select_by))
    return {"comparison": compare_answers((name, base), outcomes, judged), "verdict": verdict}
