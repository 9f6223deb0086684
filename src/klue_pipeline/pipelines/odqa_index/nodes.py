"""Passages -> what retrievers search in; the library behind is ``odqa.tokens`` and what follows."""

from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams, TokenizerName
from klue_pipeline.odqa.sparse.methods import SPARSE
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages as tokenise
from klue_pipeline.training.params import EncoderParams


def prepare_tokenizer(passages: pd.DataFrame, encoder: EncoderParams) -> Any:
    """Train the tokenizer of an encoder from scratch on the passages, or load the encoder's own."""
    from klue_pipeline.training import tokenizer

    return tokenizer.prepare_tokenizer(encoder, passages["text"])


def tokenise_passages(
    passages: pd.DataFrame, cache: Path, tokens: TokenizerName, tokenizer: Any = None
) -> PassageTokens:
    """Take the passages apart, on all cores; what the cache holds is not made again."""
    return tokenise(passages, tokens, cache / f"tokens_{tokens}", tokenizer)


def index_tokens(tokens: PassageTokens, retriever: RetrieverParams) -> Any:
    """Make the index of a retriever that counts tokens."""
    return SPARSE[retriever.name](tokens, retriever)


def embed_passages(
    passages: pd.DataFrame,
    cache: Path,
    retriever: RetrieverParams,
    encoder: EncoderParams,
    encoders: Path | None = None,
) -> Any:
    """Embed the passages by an encoder as it is, or by one that was trained for it.

    Args:
        passages: What is searched.
        cache: Where finished shards are kept; a killed run goes on from them.
        retriever: How texts become vectors.
        encoder: What an untrained retriever reads with.
        encoders: The folder of the trained encoders.
    """
    from klue_pipeline.odqa.dense import index

    return index.build_dense_index(passages, retriever, encoder, cache / "embeddings", encoders)
