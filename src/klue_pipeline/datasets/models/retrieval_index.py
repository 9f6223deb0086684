"""Indexes of passages as folders that are whole or not there, whatever the retriever."""

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.odqa.inference.index_folders import (
    METHOD_FILE,
    RetrievalIndex,
    open_index,
    write_index,
)
from klue_pipeline.runs.disk.atomic_file import folder_written_beside


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
        try:
            return open_index(self._filepath)
        except ValueError as error:
            raise DatasetError(f"{error}; {remedy}.") from error

    def save(self, data: RetrievalIndex) -> None:
        """Write the folder beside its place, then swap it in."""
        with folder_written_beside(self._filepath) as partial:
            write_index(data, partial)

    def _exists(self) -> bool:
        return (self._filepath / METHOD_FILE).is_file()
