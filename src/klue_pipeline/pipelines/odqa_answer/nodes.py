"""Let readers find spans, and make one answer of them for each question."""

from typing import Any

import pandas as pd

from klue_pipeline.odqa.answering.answers import answer_questions
from klue_pipeline.odqa.answering.asked_questions import AskedQuestions
from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.answering.predictions import (
    NBestPredictions,
    Predictions,
    list_predictions,
)
from klue_pipeline.odqa.settings.reader_params import AnswerParams, ReaderFoldsParams


def collect_candidates(
    passages: pd.DataFrame, folds: ReaderFoldsParams, *fold_candidates: pd.DataFrame
) -> pd.DataFrame:
    """Put the candidates of all folds together, each also without a particle at its end."""
    return collect(passages, dict(zip(folds.numbers, fold_candidates, strict=True)))


def choose_answers(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    candidates: pd.DataFrame,
    run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    fold_members: pd.DataFrame,
    folds: ReaderFoldsParams,
    answer: AnswerParams,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Choose one answer for each question that was read.

    Gold answers are looked at for questions that a fold held out, and to count what trimming did.

    Returns:
        The best answers of each question, the answer of each, and what was fitted.
    """
    held_out = fold_members.loc[fold_members["fold"].isin(folds.numbers), "row_id"]
    asked = AskedQuestions(examples, gold_passages, passage_groups, held_out)
    return answer_questions(candidates, run, passages, asked, answer)


def write_predictions(
    answers: pd.DataFrame, n_best: pd.DataFrame, examples: pd.DataFrame
) -> tuple[Predictions, NBestPredictions]:
    """Write the answers to the test questions as a contest takes them, checked."""
    return list_predictions(answers, n_best, examples)
