"""The index of a dense retriever: vectors on disk, exact or with faiss beside them."""

import json
import logging
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.dense.embedding import Embeddings
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

logger = logging.getLogger(__name__)

_ABOUT_FILE, _PASSAGES_FILE, _FAISS_FILE = "dense.json", "passages.parquet", "faiss.index"
_VECTORS_PER_LIST = 40
"""Faiss wants at least 39 vectors to learn a list from."""
_PROBED_SHARE = 8
"""One list in so many is looked through."""


@dataclass(frozen=True)
class DenseIndex:
    """What is searched.

    Attributes:
        embeddings: Vectors of all passages.
        approximate: An index of faiss over the same vectors, whose ids are places in the table of
            passages; None searches exactly.
    """

    embeddings: Embeddings
    approximate: Any = None

    def save(self, folder: Path) -> None:
        """Write vectors, ids and faiss's index into a folder."""
        for number, shard in enumerate(self.embeddings.shards):
            shutil.copyfile(shard, folder / _shard_name(number))
        pd.DataFrame(
            {"passage_id": self.embeddings.passage_ids, "place": self.embeddings.places}
        ).to_parquet(folder / _PASSAGES_FILE, index=False)
        if self.approximate is not None:
            _faiss().write_index(self.approximate, str(folder / _FAISS_FILE))
        about = {
            "shards": len(self.embeddings.shards),
            "fingerprint": self.embeddings.fingerprint,
            "faiss": self.approximate is not None,
        }
        (folder / _ABOUT_FILE).write_text(json.dumps(about, indent=2), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder that :meth:`save` wrote; vectors stay on disk until they are searched.

        Raises:
            OSError: A file is missing.
        """
        about = json.loads((folder / _ABOUT_FILE).read_text(encoding="utf-8"))
        table = pd.read_parquet(folder / _PASSAGES_FILE)
        embeddings = Embeddings(
            shards=tuple(folder / _shard_name(number) for number in range(about["shards"])),
            places=table["place"].to_numpy(dtype=np.int64),
            passage_ids=table["passage_id"].to_numpy(dtype=object),
            fingerprint=about["fingerprint"],
        )
        return cls(embeddings, read_faiss(folder / _FAISS_FILE) if about["faiss"] else None)


def _shard_name(number: int) -> str:
    return f"shard_{number:05}.npy"


def build_index(embeddings: Embeddings, params: RetrieverParams) -> DenseIndex:
    """Make the index that ``params.index`` names.

    Args:
        embeddings: Vectors of all passages.
        params: A dense retriever.

    Raises:
        ImportError: faiss is wanted and not installed.
    """
    return DenseIndex(embeddings, _build_faiss(embeddings) if params.index == "faiss" else None)


def read_shard(shard: Path) -> NDArray[np.float16]:
    """Map the vectors of a shard into memory. Shape: (passages, width)."""
    vectors: NDArray[np.float16] = np.load(shard, mmap_mode="r", allow_pickle=False)
    return vectors


def _build_faiss(embeddings: Embeddings) -> Any:
    """Build an inverted file over 16-bit vectors (Johnson et al., 2019), one shard at a time.

    Lists are learnt from as many vectors as they need, drawn evenly over the shards.
    """
    faiss, count = _faiss(), len(embeddings.places)
    lists = max(1, min(round(4 * math.sqrt(count)), count // _VECTORS_PER_LIST))
    width = read_shard(embeddings.shards[0]).shape[1]
    index = faiss.index_factory(width, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
    index.nprobe = max(1, lists // _PROBED_SHARE)
    step = max(1, count // (lists * _VECTORS_PER_LIST * 2))
    sample = [np.asarray(read_shard(shard)[::step], np.float32) for shard in embeddings.shards]
    index.train(np.concatenate(sample))
    start = 0
    for shard in embeddings.shards:
        vectors = np.asarray(read_shard(shard), dtype=np.float32)
        index.add_with_ids(vectors, embeddings.places[start : start + len(vectors)])
        start += len(vectors)
    return index


def read_faiss(path: Path) -> Any:
    """Read an index of faiss.

    Raises:
        ImportError: faiss is not installed.
    """
    return _faiss().read_index(str(path))


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "This dense retriever has index: faiss, and faiss is not installed; install "
            "klue_pipeline[faiss], or set index: exact."
        ) from error
    return faiss
