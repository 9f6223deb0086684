"""Indexes of passages as folders that say what can read them, whatever the retriever."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from klue_pipeline.odqa.sparse.bm25 import Bm25Index
from klue_pipeline.odqa.sparse.tfidf import TfidfIndex

METHOD_FILE = "method"
"""Says in each folder what can read it; written last."""


class RetrievalIndex(Protocol):
    """What a retriever searches."""

    @property
    def method(self) -> str:
        """The retriever's name in the settings, which :data:`READERS` knows."""
        ...

    @property
    def report(self) -> Mapping[str, Any]:
        """What the last search has to say of itself."""
        ...

    def search(self, questions: pd.DataFrame, top_k: int, tokenizer: Any = None) -> pd.DataFrame:
        """Return the passages that are found for each question, as a run."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything into an empty folder, nothing that has to be unpickled."""
        ...


def _load_dense(folder: Path) -> RetrievalIndex:
    from klue_pipeline.odqa.dense.index import DenseIndex  # on demand: it loads torch

    return DenseIndex.load(folder)


READERS: dict[str, Callable[[Path], RetrievalIndex]] = {
    Bm25Index.method: Bm25Index.load,
    TfidfIndex.method: TfidfIndex.load,
    "dense": _load_dense,
}
"""How the index of each retriever is opened; large arrays stay on disk until they are used."""


def write_index(index: RetrievalIndex, folder: Path) -> None:
    """Write an index into an empty folder."""
    index.save(folder)
    (folder / METHOD_FILE).write_text(f"{index.method}\n", encoding="utf-8")


def open_index(folder: Path) -> RetrievalIndex:
    """Open a folder that :func:`write_index` wrote.

    Raises:
        ValueError: It is an index of an unknown method, or damaged.
    """
    method = (folder / METHOD_FILE).read_text(encoding="utf-8").strip()
    if method not in READERS:
        raise ValueError(f"{folder} is an index of {method!r}, known are {', '.join(READERS)}")
    try:
        return READERS[method](folder)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ValueError(f"The index at {folder} is damaged ({error})") from error
