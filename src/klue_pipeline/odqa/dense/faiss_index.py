"""Approximate search with faiss, for more vectors than a full product is quick with."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.dense.embedding import Embeddings, read_shard

_VECTORS_PER_LIST = 40
"""Faiss wants at least 39 vectors to learn a list from."""
_PROBED_SHARE = 8
"""One list in so many is looked through …"""
_FEWEST_PROBED = 16
"""… but no fewer than these: with few lists, a question's passages are often in the next one."""


def build_faiss(embeddings: Embeddings) -> Any:
    """Build an inverted file over 16-bit vectors (Johnson et al., 2019), one shard at a time.

    Lists are learnt from as many vectors as they need, taken evenly from the shards. The ids of
    the vectors are places in the table of passages.

    Raises:
        ImportError: faiss is not installed.
    """
    faiss, count = import_faiss(), len(embeddings.places)
    lists = max(1, min(round(4 * math.sqrt(count)), count // _VECTORS_PER_LIST))
    width = read_shard(embeddings.shards[0]).shape[1]
    index = faiss.index_factory(width, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
    index.nprobe = min(lists, max(_FEWEST_PROBED, lists // _PROBED_SHARE))
    step = max(1, count // (lists * _VECTORS_PER_LIST * 2))
    sample = [np.asarray(read_shard(shard)[::step], np.float32) for shard in embeddings.shards]
    index.train(np.concatenate(sample))
    start = 0
    for shard in embeddings.shards:
        vectors = np.asarray(read_shard(shard), dtype=np.float32)
        index.add_with_ids(vectors, embeddings.places[start : start + len(vectors)])
        start += len(vectors)
    return index


def search_faiss(
    index: Any, vectors: NDArray[np.float32], top_k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the best scores of each question that faiss finds, and the places of their passages.

    Args:
        index: What :func:`build_faiss` made.
        vectors: Of the questions. Shape: (questions, width).
        top_k: Passages of each question.

    Returns:
        Scores and places, best first, of shape (questions, passages). Where fewer are found, places
        of -1 fill the end.
    """
    scores, places = index.search(vectors, min(top_k, index.ntotal))
    order = np.lexsort((places, -scores), axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1)


def share_found(places: NDArray[np.int64], exact: NDArray[np.int64]) -> float:
    """Return which share of the exact places is among the others, for the first questions.

    >>> share_found(np.array([[3, 1], [0, -1]]), np.array([[1, 2], [0, 4]]))
    0.5
    """
    found = [np.isin(wanted, got).mean() for got, wanted in zip(places, exact, strict=False)]
    return float(np.mean(found))


def write_faiss(index: Any, path: Path) -> None:
    """Write an index of faiss."""
    import_faiss().write_index(index, str(path))


def read_faiss(path: Path) -> Any:
    """Read an index of faiss.

    Raises:
        ImportError: faiss is not installed.
    """
    return import_faiss().read_index(str(path))


def import_faiss() -> Any:
    """Return the module.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "This dense retriever has index: faiss, and faiss is not installed; install "
            "klue_pipeline[faiss], or set index: exact."
        ) from error
    return faiss
