"""Train the reader of one fold."""

from typing import Any

import pandas as pd

from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)


def train_reader(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    reader_features: Any,
    reader_examples: pd.DataFrame,
    fold_members: pd.DataFrame,
    reader_tokenizer: Any,
    workspace: Any,
    folds: ReaderFoldsParams,
    reader: ReaderParams,
    head: ReaderHeadParams,
    training: ReaderTrainingParams,
    max_answer_tokens: int,
) -> tuple[dict[str, float], pd.DataFrame, Any]:
    """Train the reader of one fold.

    The model is the last output on purpose: the resume state in the workspace goes away once it
    is stored, and by then everything else is.

    Returns:
        The fold's metrics, its history (one row per logged step), and the trained model with its
        tokenizer.
    """
    from klue_pipeline.odqa.reader.fold_training import ReaderSettings, train_reader_fold

    result = train_reader_fold(
        reader_features,
        reader_examples,
        fold_members,
        reader_tokenizer,
        ReaderSettings(folds, reader, head, training, max_answer_tokens),
        workspace,
    )
    return result.metrics, result.history, result.model
