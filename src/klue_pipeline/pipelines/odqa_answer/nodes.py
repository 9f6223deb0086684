"""Read the retrieved passages, choose answers, and write predictions."""

from collections.abc import Iterable
from pathlib import Path
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
from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.odqa.settings.reader_params import (
    AnswerParams,
    PassageReading,
    ReaderFoldsParams,
    ReaderTrainingParams,
    SpanScore,
)


def read_passages(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    model: Path,
    run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    fold_members: pd.DataFrame,
    folds: ReaderFoldsParams,
    training: ReaderTrainingParams,
    top_k: int,
    how: PassageReading,
    span_score: SpanScore,
    max_answer_tokens: int,
    n_best: int,
) -> Iterable[pd.DataFrame]:
    """Prepare what one fold reads; it is read as the result is written.

    Args:
        model: Folder of the fold's reader.
        run: What was retrieved for every question.
        examples: The questions of all parts.
        passages: The passages.
        gold_passages: Which of them hold the answers; one of each question is always read.
        fold_members: Which questions each fold holds out.
        folds: What the folds were made by.
        training: Device, precision and batch size.
        top_k: Passages of a question that are read.
        how: Whether they are read one by one, or joined.
        span_score: What spans are compared by.
        max_answer_tokens: Longest answer.
        n_best: Most spans to keep of a text.
    """
    from klue_pipeline.odqa.reader.fold_reading import FoldReading, read_fold_number
    from klue_pipeline.odqa.reader.reading_plan import choose_questions, plan_reading
    from klue_pipeline.odqa.reader.window_reading import SpanRules

    fold = read_fold_number(model, fold_members)
    asked = choose_questions(examples, fold_members, fold, folds.strategy)
    return FoldReading(
        folder=model,
        plan=plan_reading(asked, run, gold_passages, top_k, how),
        questions=examples.set_index("question_id")["question"],
        passages=passages.set_index("passage_id")["text"],
        training=training,
        rules=SpanRules(span_score, max_answer_tokens, n_best),
    )


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
        The best answers of each question, the answer of each, and what was fitted. The last says
        which questions these were, too, so that an ensemble can tell answers to others.
    """
    held_out = fold_members.loc[fold_members["fold"].isin(folds.numbers), "row_id"]
    asked = AskedQuestions(examples, gold_passages, passage_groups, held_out)
    n_best, answers, fit = answer_questions(candidates, run, passages, asked, answer)
    return n_best, answers, {**fit, "asked": QuestionFingerprint.of(examples).model_dump()}


def write_predictions(
    answers: pd.DataFrame, n_best: pd.DataFrame, examples: pd.DataFrame
) -> tuple[Predictions, NBestPredictions, pd.DataFrame]:
    """Write the answers to the test questions as a contest takes them, checked.

    Returns:
        One answer to each test question, the best ones of each, and the table of all answers for
        people to open.
    """
    return *list_predictions(answers, n_best, examples), answers
