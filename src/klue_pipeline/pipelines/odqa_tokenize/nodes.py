"""Questions with passages -> what a reader takes; the library behind is ``odqa.encoding``."""

from itertools import chain
from typing import Any

import pandas as pd

from klue_pipeline.odqa.settings.reader_params import (
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderParams,
)
from klue_pipeline.text.blanks import blank_out_breaks


def assign_folds(
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    folds: ReaderFoldsParams,
) -> pd.DataFrame:
    """Draw the questions that each fold holds out of what its reader learns from."""
    from klue_pipeline.odqa.encoding import folds as reader_folds

    return reader_folds.assign_folds(examples, gold_passages, passage_groups, folds)


def make_reader_examples(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    passages: pd.DataFrame,
    reader: ReaderParams,
    augment: QuestionAugmentParams,
    run: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Put labelled questions beside the passage they are read in, and add rows for training.

    Args:
        examples: Questions of all parts.
        gold_passages: Which passages hold their answers.
        passage_groups: Which passages are near duplicates.
        passages: What is searched.
        reader: How many hard passages are added to each question.
        augment: Which questions are added.
        run: What was retrieved, for hard passages.

    Returns:
        The rows, and counts of what was made and left out.
    """
    from klue_pipeline.odqa.encoding import reader_examples

    tables = reader_examples.ReaderTables(examples, gold_passages, passage_groups, passages, run)
    return reader_examples.make_reader_examples(tables, reader, augment)


def prepare_reader_tokenizer(
    reader_examples: pd.DataFrame, passages: pd.DataFrame, reader: ReaderParams
) -> Any:
    """Train the tokenizer of a reader from scratch on passages and questions, or load its own."""
    from klue_pipeline.training import tokenizer

    questions = reader_examples.loc[reader_examples["method"] == "original", "question"]
    texts = map(blank_out_breaks, chain(passages["text"], questions))
    return tokenizer.prepare_tokenizer(reader, texts)


def encode_reader_examples(
    reader_examples: pd.DataFrame, tokenizer: Any, reader: ReaderParams, max_tokens: int
) -> Any:
    """Encode every example once, for all folds.

    Args:
        reader_examples: Questions with the passages that they are read in.
        tokenizer: The reader's tokenizer.
        reader: Longest question, and what windows share.
        max_tokens: Longest window in tokens.
    """
    from klue_pipeline.odqa.encoding import features

    return features.encode_reader_examples(reader_examples, tokenizer, reader, max_tokens)
