"""Search among vectors: exactly by blocks of matrix products, or approximately with faiss."""

import logging
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from klue_pipeline.odqa.dense.embedding import embed_questions
from klue_pipeline.odqa.dense.encoder import TextEncoder
from klue_pipeline.odqa.dense.index import DenseIndex, read_shard
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

logger = logging.getLogger(__name__)

_QUESTIONS_AT_A_TIME = 1024
_VECTORS_AT_A_TIME = 8192
"""Together they bound what is held of scores to some 200 MiB, whatever the number of passages."""
_COMPARED_QUESTIONS = 200
"""On so many faiss is compared with exact search."""


def search_dense(
    index: DenseIndex,
    questions: pd.DataFrame,
    encoder: TextEncoder,
    params: RetrieverParams,
    top_k: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Find the passages whose vectors are most like those of the questions.

    Passages of equal score are ordered as in the table of passages.

    Args:
        index: What is searched.
        questions: Schema ``Questions``.
        encoder: Of questions; it belongs to the one that made the index.
        params: A dense retriever.
        top_k: Passages of each question; all where there are fewer.

    Returns:
        The run (schema ``Run``), and a report: ``index``, and for faiss ``recall_against_exact``,
        the share of the exact top k that it found on the first ``compared_questions``.

    Raises:
        ValueError: The encoder's vectors are not as wide as the index's, or not finite.
    """
    if questions.empty:
        return _as_run(questions, index, np.zeros((0, 0)), np.zeros((0, 0), np.int64)), {}
    vectors = embed_questions(questions, encoder, params)
    _require_width(index, vectors.shape[1])
    device = next(encoder.model.parameters()).device
    if index.approximate is None:
        scores, places = search_exactly(index, vectors, top_k, device)
        return _as_run(questions, index, scores, places), {"index": "exact"}
    scores, places = search_faiss(index, vectors, top_k)
    _, exact = search_exactly(index, vectors[:_COMPARED_QUESTIONS], top_k, device)
    report = {
        "index": "faiss",
        "recall_against_exact": share_found(places, exact),
        "compared_questions": len(exact),
    }
    logger.info("faiss found %(recall_against_exact).3f of what exact search finds", report)
    return _as_run(questions, index, scores, places), report


def _require_width(index: DenseIndex, width: int) -> None:
    found = read_shard(index.embeddings.shards[0]).shape[1]
    if found != width:
        raise ValueError(
            f"The index holds vectors of {found} numbers, and the encoder of questions makes "
            f"vectors of {width}: they are not of one retriever. Make the index anew."
        )


def search_exactly(
    index: DenseIndex, vectors: NDArray[np.float32], top_k: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the best scores of each question and the places of their passages, best first.

    Args:
        index: What is searched.
        vectors: Of the questions. Shape: (questions, width).
        top_k: Passages of each question.
        device: Where the products are taken.

    Returns:
        Scores and places in the table of passages, both of shape (questions, passages found).
    """
    starts = range(_QUESTIONS_AT_A_TIME, len(vectors), _QUESTIONS_AT_A_TIME)
    blocks = (torch.from_numpy(block).to(device) for block in np.split(vectors, starts))
    best = torch.cat([_search_block(index, block, top_k) for block in blocks])
    scores, places = _unpack(best)
    return scores.cpu().numpy(), places.cpu().numpy()


def _search_block(index: DenseIndex, questions: Tensor, top_k: int) -> Tensor:
    best = torch.empty((len(questions), 0), dtype=torch.int64, device=questions.device)
    for vectors, places in _blocks(index, questions.device):
        keys = _pack(questions @ vectors.T, places)
        best = torch.cat([best, keys], dim=1)
        best, _ = best.topk(min(top_k, best.shape[1]), dim=1)
    return best


def _blocks(index: DenseIndex, device: torch.device) -> Any:
    """Yield the vectors of several shards at a time, float32, and their places in the table."""
    start, held = 0, []
    shards = index.embeddings.shards
    for number, shard in enumerate(shards):
        held.append(np.asarray(read_shard(shard)))
        count = sum(map(len, held))
        if count >= _VECTORS_AT_A_TIME or number == len(shards) - 1:
            places = torch.tensor(index.embeddings.places[start : start + count])
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


def search_faiss(
    index: DenseIndex, vectors: NDArray[np.float32], top_k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Do the same with faiss; a place of -1 stands for nothing found."""
    scores, places = index.approximate.search(vectors, min(top_k, len(index.embeddings.places)))
    order = np.lexsort((places, -scores), axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1)


def share_found(places: NDArray[np.int64], exact: NDArray[np.int64]) -> float:
    """Return which share of the exact places is among the others, for the first questions.

    >>> share_found(np.array([[3, 1], [0, -1]]), np.array([[1, 2], [0, 4]]))
    0.5
    """
    found = [np.isin(wanted, got).mean() for got, wanted in zip(places, exact, strict=False)]
    return float(np.mean(found))


def _as_run(
    questions: pd.DataFrame,
    index: DenseIndex,
    scores: NDArray[np.floating],
    places: NDArray[np.int64],
) -> pd.DataFrame:
    there = places >= 0  # of a question that faiss found less than top_k for, the rest is -1
    rows, columns = np.nonzero(there)
    return pd.DataFrame(
        {
            "question_id": questions["question_id"].to_numpy(dtype=object)[rows],
            "passage_id": index.embeddings.passage_ids[places[there]],
            "rank": columns + 1,
            "score": scores[there].astype(np.float64),
        }
    )
