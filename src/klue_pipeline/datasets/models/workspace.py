"""Folders in which nodes keep files between runs: datasets that say where, and store nothing."""

from pathlib import Path
from typing import Any

from klue_pipeline.datasets.local import LocalDataset, ReadOnlyDataset
from klue_pipeline.training.workspace import FoldWorkspace


class FoldWorkspaceDataset(ReadOnlyDataset[FoldWorkspace]):
    """``FoldWorkspaceDataset`` loads a fold's number and its scratch folder; it stores nothing.

    The resume state of a training lives in the scratch folder until the fold's model is stored.

    Example usage for the YAML API:

    ```yaml
    "fold_{number}.workspace":
      type: klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset
      number: "{number}"
      filepath: data/06_models/baseline/.scratch/fold_{number}
    ```

    Example usage for the Python API:

    >>> FoldWorkspaceDataset(number="3", filepath="scratch/fold_3").load().fold
    3
    """

    def __init__(
        self, *, number: str | int, filepath: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._number = int(number)
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> FoldWorkspace:
        """Return the fold's number and scratch folder; the folder may not exist yet."""
        return FoldWorkspace(self._number, self._filepath)

    def _exists(self) -> bool:
        return True  # else --only-missing-outputs would take it for something to be made

    def _describe(self) -> dict[str, Any]:
        return {"number": self._number, "filepath": str(self._filepath)}


class CacheFolderDataset(LocalDataset[Any, Path], ReadOnlyDataset[Path]):
    """``CacheFolderDataset`` loads the path of a folder; it stores nothing.

    What costs much to make, such as translations or embeddings, is kept there from run to run and
    found again by its content, whatever the experiment. Removing the folder costs time and nothing
    else.

    Example usage for the YAML API:

    ```yaml
    translation_cache:
      type: klue_pipeline.datasets.models.workspace.CacheFolderDataset
      filepath: data/02_intermediate/translations
    ```

    Example usage for the Python API:

    >>> CacheFolderDataset(filepath="data/translations").load().name
    'translations'
    """

    def load(self) -> Path:
        """Return the folder; it need not exist before there is something to keep."""
        return self._filepath

    def _exists(self) -> bool:
        return True  # as above
