"""Read the retrieved passages, choose answers, and write predictions."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.settings.reader_params import (
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
