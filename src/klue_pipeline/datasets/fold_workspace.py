"""``FoldWorkspaceDataset`` tells a fold's node its number and where it may keep scratch files."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.training.workspace import FoldWorkspace


class FoldWorkspaceDataset(AbstractDataset[Any, FoldWorkspace]):
    """``FoldWorkspaceDataset`` loads a fold's number and its scratch folder; it stores nothing.

    The resume state of a training lives in the scratch folder until the fold's model is stored.

    Example usage for the YAML API:

    ```yaml
    "fold_{number}.workspace":
      type: klue_pipeline.datasets.fold_workspace.FoldWorkspaceDataset
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

    def save(self, data: Any) -> None:  # noqa: ARG002 (Kedro's signature)
        """Refuse: a workspace is not a result.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("A fold's workspace cannot be saved; it only tells where to work.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"number": self._number, "filepath": str(self._filepath)}
