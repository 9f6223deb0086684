"""Exact search among vectors, by blocks of matrix products."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from klue_pipeline.odqa.dense.embedding import Embeddings, read_shard

_QUESTIONS_AT_A_TIME = 1024
_VECTORS_AT_A_TIME = 8192
"""Together they bound what is held of scores to some 200 MiB, whatever the number of passages."""


def search_exactly(
    embeddings: Embeddings, vectors: NDArray[np.float32], top_k: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the best scores of each question and the places of their passages, best first.

    Passages of equal score are ordered as in the table of passages.

    Args:
        embeddings: What is searched.
        vectors: Of the questions; at least one. Shape: (questions, width).
        top_k: Passages of each question.
        device: Where the products are taken.

    Returns:
        Scores and places in the table of passages, both of shape (questions, passages found).
    """
    starts = range(_QUESTIONS_AT_A_TIME, len(vectors), _QUESTIONS_AT_A_TIME)
    blocks = (torch.from_numpy(block).to(device) for block in np.split(vectors, starts))
    best = torch.cat([_search_block(embeddings, block, top_k) for block in blocks])
    scores, places = _unpack(best)
    return scores.cpu().numpy(), places.cpu().numpy()


def _search_block(embeddings: Embeddings, questions: Tensor, top_k: int) -> Tensor:
    best = torch.empty((len(questions), 0), dtype=torch.int64, device=questions.device)
    for vectors, places in _blocks(embeddings, questions.device):
        keys = _pack(questions @ vectors.T, places)
        best = torch.cat([best, keys], dim=1)
        best, _ = best.topk(min(top_k, best.shape[1]), dim=1)
    return best


def _blocks(embeddings: Embeddings, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the vectors of several shards at a time, float32, and their places in the table."""
    start, held = 0, []
    shards = embeddings.shards
    for number, shard in enumerate(shards):
        held.append(np.asarray(read_shard(shard)))
        count = sum(map(len, held))
        if count >= _VECTORS_AT_A_TIME or number == len(shards) - 1:
            places = torch.tensor(embeddings.places[start : start + count])
            yield torch.from_numpy(np.concatenate(held)).to(device).float(), places.to(device)
            start, held = start + count, []


def _pack(scores: Tensor, places: Tensor) -> Tensor:
    """Make one whole number of score and place, whose order is that of the ranking.

    The bits of a positive float32 are in the order of its value, those of a negative one the other
    way round. Below them stands the place, the first one the largest, so that equal scores are
    ordered by place whatever the blocks.
    """
    bits = (scores + 0.0).view(torch.int32)  # adding 0.0 makes -0.0 and 0.0 one
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits).to(torch.int64)
    return (ordered << 32) | (0xFFFFFFFF - places)


def _unpack(keys: Tensor) -> tuple[Tensor, Tensor]:
    ordered = (keys >> 32).to(torch.int32)
    bits = torch.where(ordered < 0, ordered ^ 0x7FFFFFFF, ordered)
    return bits.view(torch.float32), 0xFFFFFFFF - (keys & 0xFFFFFFFF)
