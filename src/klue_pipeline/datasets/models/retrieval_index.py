"""Indexes of passages as folders that are whole or not there, whatever the retriever."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.odqa.sparse.bm25 import Bm25Index
from klue_pipeline.odqa.sparse.tfidf import TfidfIndex
from klue_pipeline.runs.disk.atomic_file import folder_written_beside

METHOD_FILE = "method"
"""Says in each folder what can read it; written last."""


class RetrievalIndex(Protocol):
    """What a retriever searches."""

    @property
    def method(self) -> str:
        """The retriever's name in the settings, which :data:`READERS` knows."""
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


class RetrievalIndexDataset(LocalDataset[RetrievalIndex, RetrievalIndex]):
    """``RetrievalIndexDataset`` keeps an index as a folder and opens it memory-mapped.

    The folder is written beside its place and renamed into it, so that it is there whole or not at
    all.

    Example usage for the YAML API:

    ```yaml
    odqa.index_bm25:
      type: klue_pipeline.datasets.models.retrieval_index.RetrievalIndexDataset
      filepath: data/06_models/odqa/indexes/bm25
    ```
    """

    def load(self) -> RetrievalIndex:
        """Open the index.

        Raises:
            DatasetError: There is no whole one, or it cannot be read.
        """
        remedy = "make it with kedro run --pipelines odqa_index"
        if not self._exists():
            raise DatasetError(f"No whole index at {self._filepath}; {remedy}.")
        method = (self._filepath / METHOD_FILE).read_text(encoding="utf-8").strip()
        if method not in READERS:
            known = ", ".join(READERS)
            raise DatasetError(
                f"{self._filepath} is an index of {method!r}, known are {known}; {remedy}."
            )
        try:
            return READERS[method](self._filepath)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DatasetError(
                f"The index at {self._filepath} is damaged ({error}); {remedy}."
            ) from error

    def save(self, data: RetrievalIndex) -> None:
        """Write the folder beside its place, then swap it in."""
        with folder_written_beside(self._filepath) as partial:
            data.save(partial)
            (partial / METHOD_FILE).write_text(f"{data.method}\n", encoding="utf-8")

    def _exists(self) -> bool:
        return (self._filepath / METHOD_FILE).is_file()
