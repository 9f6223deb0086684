"""Everything that is said of the answers of an experiment, as one document for JSON.

Table, figure and page are made from it. Where nothing can be judged, it says why and has no score.
"""

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.answer_report.answered import PART, AnsweredQuestions
from klue_pipeline.odqa.answer_report.confidence import report_confidence
from klue_pipeline.odqa.answer_report.failures import count_kinds
from klue_pipeline.odqa.answer_report.settings_scores import judge_depths, judge_settings
from klue_pipeline.odqa.answer_report.variant_scores import judge_variants, score_variants
from klue_pipeline.odqa.answer_report.variants import END_TO_END, GIVEN_GOLD
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.answers import CHARACTER_F1, EXACT_MATCH
from klue_pipeline.odqa.retrieval_report.report import fingerprint_passages
from klue_pipeline.odqa.retrieval_report.slices import judge_slices
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

Report = dict[str, Any]

_DIGITS = 6


def report_refusal(questions: JudgedQuestions, reason: str) -> Report:
    """Write the report of an experiment whose answers cannot be judged.

    Args:
        questions: Those that would be judged.
        reason: Why they are not.
    """
    return {"part": PART, "refused": reason, "fingerprint": fingerprint_task(questions)}


def report_answers(
    answered: AnsweredQuestions, failures: pd.DataFrame, params: OdqaEvaluationParams
) -> Report:
    """Judge the answers of an experiment.

    Args:
        answered: The questions and what became of them.
        failures: That of :func:`~klue_pipeline.odqa.answer_report.failures.name_failures`.
        params: Intervals, and the score that decides.

    Returns:
        - ``part``, ``refused`` (None), ``fingerprint`` of questions and passages, ``select_by``,
          ``confidence``, ``n_resamples``, ``top_k``;
        - ``questions``: how many are ``judged``, ``with_gold_passage`` and ``answered``, and how
          many ``units`` are drawn;
        - ``scores``: by setting and metric ``value``, ``low``, ``high``; ``retriever``: the
          ``difference`` of the two settings, and what was ``found`` by depth;
        - ``variants``, other ways to choose; ``confidence_in_answers``; ``failures``, by kind how
          many; ``slices``; ``fit``, what was fitted for choosing;
        - ``outcomes``: of each question ``question_id``, ``unit``, and what it adds to the scores
          of the leaderboard (None given the gold passage where none is known).
    """
    questions, variants = answered.questions, score_variants(answered)
    in_gold = variants[answered.chosen_in_gold]
    scores, difference = judge_settings(answered, in_gold, params)
    return {
        "part": PART,
        "refused": None,
        "fingerprint": fingerprint_task(questions),
        "select_by": params.select_answers_by,
        **params.model_dump(include={"confidence", "n_resamples"}),
        "top_k": answered.params.top_k,
        "questions": _count(answered),
        "scores": scores,
        "retriever": {
            "difference": difference,
            "found": judge_depths(answered, failures, params),
        },
        "variants": judge_variants(answered, variants, params),
        "confidence_in_answers": report_confidence(
            answered.answers, answered.scores_of_all, questions, params
        ),
        "failures": count_kinds(failures),
        "slices": _judge_slices(answered, in_gold, params),
        "fit": dict(answered.fit),
        "outcomes": _list_outcomes(answered, in_gold),
    }


def fingerprint_task(questions: JudgedQuestions) -> dict[str, str]:
    """Hash what is asked and what is searched, so that reports about others are told apart."""
    asked, answers = questions.table[["question_id", "question"]], questions.table["answers"]
    content = [*asked.to_numpy().tolist(), *map(list, answers)]
    written = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return {
        "questions": hashlib.sha256(written).hexdigest(),
        "passages": fingerprint_passages(questions.truth.passages),
    }


def _count(answered: AnsweredQuestions) -> dict[str, int]:
    questions = answered.questions
    return {
        "judged": len(questions),
        "with_gold_passage": int(questions.has_gold.sum()),
        "answered": int((answered.given_texts != "").sum()),
        "units": len(np.unique(questions.units)),
    }


def _judge_slices(
    answered: AnsweredQuestions, in_gold: pd.DataFrame, params: OdqaEvaluationParams
) -> list[dict[str, Any]]:
    linked, score = answered.questions.with_gold(), params.select_answers_by
    if not len(linked):
        return []
    own = answered.scores[answered.questions.has_gold]
    outcomes = {GIVEN_GOLD: in_gold[score].to_numpy(), END_TO_END: own[score].to_numpy()}
    rows = np.isin(np.arange(len(linked.truth)), linked.places)
    return judge_slices(outcomes, linked.truth, rows, params)


def _list_outcomes(answered: AnsweredQuestions, in_gold: pd.DataFrame) -> dict[str, list[Any]]:
    questions, metrics = answered.questions, [EXACT_MATCH, CHARACTER_F1]
    table = answered.scores[metrics].round(_DIGITS)
    given = in_gold[metrics].round(_DIGITS).set_axis(np.flatnonzero(questions.has_gold))
    given = given.reindex(table.index).astype(object)
    columns = {**table, **given.where(given.notna(), None).add_suffix(f"_{GIVEN_GOLD}")}
    return {
        "question_id": questions.table["question_id"].tolist(),
        "unit": pd.factorize(questions.units)[0].tolist(),
        **{name: column.tolist() for name, column in columns.items()},
    }
