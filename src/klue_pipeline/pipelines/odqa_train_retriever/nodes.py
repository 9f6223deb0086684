"""Train what retrieval learns: the encoders of a dense retriever, and a cross-encoder."""

from typing import Any

import pandas as pd

from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    RetrieverParams,
    RetrieverTrainingParams,
)
from klue_pipeline.training.params import EncoderParams


def mine_negatives(
    run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    contrastive: ContrastiveParams,
) -> pd.DataFrame:
    """Choose passages that a retriever took for right and that hold no answer."""
    from klue_pipeline.odqa.dense import negatives

    depth = contrastive.negatives_depth
    return negatives.mine_negatives(run, examples, gold_passages, passages, passage_groups, depth)


def train_retriever(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    tokenizer: Any,
    workspace: Any,
    retriever: RetrieverParams,
    encoder: EncoderParams,
    contrastive: ContrastiveParams,
    training: RetrieverTrainingParams,
    hard_negatives: pd.DataFrame | None = None,
) -> tuple[dict[str, float], pd.DataFrame, Any]:
    """Train the encoders of questions and passages.

    The model is the last output on purpose: the resume state in the workspace goes away once it
    is stored, and by then everything else is.

    Returns:
        Metrics, history (one row per logged step), and the two encoders with their tokenizer.
    """
    from klue_pipeline.odqa.dense import training as dense_training
    from klue_pipeline.odqa.dense.pairing import TrainingTables

    result = dense_training.train_retriever(
        TrainingTables(examples, passages, gold_passages, passage_groups, hard_negatives),
        tokenizer,
        dense_training.RetrieverSettings(retriever, encoder, contrastive, training),
        workspace,
    )
    return result.metrics, result.history, result.encoders
