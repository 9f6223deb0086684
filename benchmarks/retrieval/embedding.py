"""Embedding passages: the project's way against float32 batches in the order of the file."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from benchmarks.markdown import write_table
from benchmarks.retrieval.corpus import read_retriever
from benchmarks.turns import OURS, take_turns
from klue_pipeline.odqa.dense.embedding import embed_passages, read_shard
from klue_pipeline.odqa.dense.encoder import TextEncoder, embed_batch, load_encoder
from klue_pipeline.odqa.dense.texts import passage_texts
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.encoder import SCRATCH, build_encoder
from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams
from klue_pipeline.training.tokenizer import prepare_tokenizer

SIZES = {
    "vocabulary_size": 6000, "hidden_size": 384, "num_hidden_layers": 4,
    "num_attention_heads": 12, "intermediate_size": 1536, "max_positions": 512,
}  # fmt: skip
"""An encoder with random weights: a small E5's widths, and a third of its layers."""

Embed = Callable[[pd.DataFrame, TextEncoder, RetrieverParams], NDArray[np.floating[Any]]]


def prepare_encoder(params: EncoderParams, texts: pd.Series) -> TextEncoder:
    """Load an encoder, or build one with random weights whose tokenizer learns from the texts."""
    if params.name != SCRATCH:
        return load_encoder(params, read_retriever("dense"))
    tokenizer: Any = prepare_tokenizer(params, texts)
    torch.manual_seed(0)
    model = build_encoder(params, len(tokenizer), tokenizer.pad_token_id)
    device = resolve_device("auto")
    return TextEncoder(
        model.to(device).eval(), tokenizer, resolve_precision("auto", device), SCRATCH
    )


def embed_ours(
    passages: pd.DataFrame, encoder: TextEncoder, params: RetrieverParams
) -> NDArray[np.floating[Any]]:
    """Embed as a run does, shards written; return the vectors in the order of the passages."""
    with tempfile.TemporaryDirectory() as folder:
        embeddings = embed_passages(passages, encoder, params, Path(folder))
        vectors = np.concatenate([read_shard(shard) for shard in embeddings.shards])
    ordered = np.empty_like(vectors)
    ordered[embeddings.places] = vectors
    return ordered


def _embed_padded(padding: Any) -> Embed:
    def embed(
        passages: pd.DataFrame, encoder: TextEncoder, params: RetrieverParams
    ) -> NDArray[np.floating[Any]]:
        texts, size = passage_texts(passages, params), int(params.batch_size or 1)
        parts = []
        with torch.no_grad():
            for start in range(0, len(texts), size):
                batch = encoder.tokenizer(
                    texts[start : start + size],
                    padding=padding,
                    truncation=True,
                    max_length=params.max_passage_tokens,
                    return_tensors="pt",
                ).to(encoder.device)
                parts.append(embed_batch(encoder.model, batch, params).cpu().numpy())
        return np.concatenate(parts)

    return embed


EMBEDDERS: dict[str, Embed] = {
    OURS: embed_ours,
    "fp32, file order, padded to the longest of the batch": _embed_padded("longest"),
    "fp32, file order, padded to the longest that is allowed": _embed_padded("max_length"),
}


def measure_embedding(
    passages: pd.DataFrame, name: str, layers: int | None, rounds: int
) -> dict[str, Any]:
    """Embed the passages by each embedder in turn; return ratios, and how alike the vectors are."""
    params = read_retriever("dense")
    sizes = ScratchEncoderParams.model_validate(SIZES)
    chosen = EncoderParams(name=name, num_hidden_layers=layers, scratch=sizes)
    encoder = prepare_encoder(chosen, passages["text"])
    for embed in EMBEDDERS.values():  # the first call of each warms up
        embed(passages.head(2), encoder, params)
    ratios, vectors = take_turns(
        {each: partial(embed, passages, encoder, params) for each, embed in EMBEDDERS.items()},
        rounds,
    )
    return _describe(encoder, passages, params) | {
        "rounds": rounds,
        "ratios": ratios,
        "least_cosine": {each: _least_cosine(vectors[each], vectors[OURS]) for each in EMBEDDERS},
    }


def _describe(
    encoder: TextEncoder, passages: pd.DataFrame, params: RetrieverParams
) -> dict[str, Any]:
    found = encoder.tokenizer(passage_texts(passages, params), verbose=False)["input_ids"]
    lengths = [min(len(tokens), int(params.max_passage_tokens or 0)) for tokens in found]
    config: Any = encoder.model.config
    return {
        "passages": len(passages),
        "layers": config.num_hidden_layers,
        "width": config.hidden_size,
        "precision": encoder.precision,
        "batch_size": params.batch_size,
        "mean_tokens": float(np.mean(lengths)),
        "longest_allowed": params.max_passage_tokens,
    }


def _least_cosine(left: NDArray[Any], right: NDArray[Any]) -> float:
    pair = [np.asarray(vectors, np.float64) for vectors in (left, right)]
    norms = [np.linalg.norm(vectors, axis=1) for vectors in pair]
    return float(((pair[0] * pair[1]).sum(axis=1) / (norms[0] * norms[1])).min())


def write_embedding(result: dict[str, Any]) -> str:
    """Write what was embedded, and the table: how many times as fast ours is."""
    lines = [
        [name, *(f"{ratio:.2f}" for ratio in ratios), f"{result['least_cosine'][name]:.4f}"]
        for name, ratios in result["ratios"].items()
        if name != OURS
    ]
    columns = ("against", "ours is so many times as fast", "in CPU time",
               "least cosine with our vectors")  # fmt: skip
    return (
        f"{result['passages']:,} passages of {result['mean_tokens']:.0f} tokens in the mean, "
        f"{result['longest_allowed']} allowed; an encoder of {result['layers']} layers and width "
        f"{result['width']}, batches of {result['batch_size']}, ours in {result['precision']}, "
        f"alternating rounds: {result['rounds']}.\n\n{write_table(columns, lines)}"
    )
