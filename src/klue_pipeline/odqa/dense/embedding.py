"""Vectors of all passages, made once: in shards on disk, so that a killed call goes on.

Passages are sorted by length and cut into shards of equal numbers. A shard is a function of its
texts, encoder and settings alone and is written whole or not at all, so a call that goes on ends
with the very bytes of an unbroken one.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from klue_pipeline.odqa.dense.encoder import TextEncoder, embed_batch
from klue_pipeline.odqa.dense.texts import encode_rows, passage_texts, question_texts
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.prediction import read_rows

SHARD_PASSAGES = 512
"""What a kill loses at most, and what is held in memory as float32."""


@dataclass(frozen=True)
class Embeddings:
    """Vectors of passages, in shards that are mapped into memory.

    Attributes:
        shards: Files of float16 vectors, shape of each: (passages of the shard, width).
        places: Where the passage of each vector stands in the table. Shape: (passages,).
        passage_ids: Of the passages, in the order of the table. Shape: (passages,).
        fingerprint: Hash of what made the vectors.
    """

    shards: tuple[Path, ...]
    places: NDArray[np.int64]
    passage_ids: NDArray[np.object_]
    fingerprint: str


def embed_passages(
    passages: pd.DataFrame, encoder: TextEncoder, params: RetrieverParams, cache_folder: Path
) -> Embeddings:
    """Embed every passage, or go on with what an earlier call of the same content left.

    Args:
        passages: Schema ``Passages``.
        encoder: Of passages.
        params: A dense retriever.
        cache_folder: Where the shards are, in a folder of this content.

    Raises:
        ValueError: There is no passage, or the vector of one is not a finite float16 number.
    """
    if passages.empty:
        raise ValueError("There is no passage to embed; the table of passages is empty.")
    texts = pd.Series(passage_texts(passages, params))
    fingerprint = _fingerprint(texts, encoder, params)
    folder = cache_folder / fingerprint
    folder.mkdir(parents=True, exist_ok=True)
    places = np.argsort(-texts.str.len().to_numpy(), kind="stable")
    parts = np.split(places, range(SHARD_PASSAGES, len(places), SHARD_PASSAGES))
    shards = tuple(folder / f"shard_{number:05}.npy" for number in range(len(parts)))
    ids = passages["passage_id"].to_numpy(dtype=object)
    bar = tqdm(total=len(places), desc="embed", unit="passage", leave=False, disable=None)
    for shard, part in zip(shards, parts, strict=True):
        if not shard.is_file():
            vectors = embed_texts(texts.iloc[part].tolist(), encoder, params, of_passages=True)
            _write(shard, _halved(vectors, ids[part]))
        bar.update(len(part))
    bar.close()
    return Embeddings(shards, places, ids, fingerprint)


def _fingerprint(texts: pd.Series, encoder: TextEncoder, params: RetrieverParams) -> str:
    content = hash_table(pd.DataFrame({"text": texts}), ["text"])
    text = f"{SHARD_PASSAGES} {encoder.fingerprint(params)} {content}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_shard(shard: Path) -> NDArray[np.float16]:
    """Map the vectors of a shard into memory. Shape: (passages, width)."""
    vectors: NDArray[np.float16] = np.load(shard, mmap_mode="r", allow_pickle=False)
    return vectors


def embed_texts(
    texts: list[str], encoder: TextEncoder, params: RetrieverParams, *, of_passages: bool
) -> NDArray[np.float32]:
    """Embed texts, sorted by length meanwhile.

    Args:
        texts: Prefixes included.
        encoder: What embeds them.
        params: A dense retriever.
        of_passages: Whether they may be as long as a passage, or as a question.

    Returns:
        Vectors in the order of the texts. Shape: (texts, width).
    """
    longest = params.max_passage_tokens if of_passages else params.max_question_tokens
    return read_rows(
        lambda model, batch: embed_batch(model, batch, params),
        encoder.model,
        encode_rows(texts, encoder.tokenizer, int(longest or 0)),
        int(params.batch_size or 1),
        encoder.precision,
    )


def embed_questions(
    questions: pd.DataFrame, encoder: TextEncoder, params: RetrieverParams
) -> NDArray[np.float32]:
    """Embed questions, in their order. Shape: (questions, width).

    Args:
        questions: Schema ``Questions``; at least one.
        encoder: Of questions.
        params: A dense retriever.

    Raises:
        ValueError: The vector of one is not finite.
    """
    texts = question_texts(questions, params)
    vectors = embed_texts(texts, encoder, params, of_passages=False)
    _require_finite(vectors, questions["question_id"].to_numpy(dtype=object), "question")
    return vectors


def _halved(vectors: NDArray[np.float32], ids: NDArray[np.object_]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        halved = vectors.astype(np.float16)
    _require_finite(halved, ids, "passage")
    return halved


def _require_finite(vectors: NDArray[np.floating], ids: NDArray[np.object_], what: str) -> None:
    broken = ids[~np.isfinite(vectors).all(axis=1)]
    if len(broken):
        raise ValueError(
            f"The encoder's vector of {what} {broken[0]!r} is not finite, nor are those of "
            f"{len(broken) - 1} more of {len(ids)}: nothing could be compared with them. Its "
            "weights may be damaged, or its training diverged; if it is whole, set precision to "
            "fp32, and similarity to cosine where vectors are longer than float16 counts."
        )


def _write(shard: Path, vectors: NDArray[np.float16]) -> None:
    partial = shard.with_name(f"{shard.name}.partial")
    with partial.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    partial.replace(shard)
