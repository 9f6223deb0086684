"""``CheckpointDataset`` keeps a trained model as a folder that is either whole or not there."""

from pathlib import Path
from typing import Any, Protocol

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.datasets.atomic_folder import folder_written_beside

_WEIGHTS_FILE = "model.safetensors"


class SavesFolder(Protocol):
    """Anything that writes itself into a folder, as Transformers' models and tokenizers do."""

    def save_pretrained(self, folder: Path) -> object:
        """Write all files into ``folder``."""


class CheckpointDataset(AbstractDataset[SavesFolder, Path]):
    """``CheckpointDataset`` saves anything with ``save_pretrained`` and loads the folder's path.

    The path, not the model, is what a node gets, so that no model lives longer than its node. The
    folder is written beside its place and renamed into it, and ``exists`` is true only for a whole
    one, so a killed run never leaves a half checkpoint that a later run would take for done.

    Example usage for the YAML API:

    ```yaml
    "fold_{number}.model":
      type: klue_pipeline.datasets.checkpoint.CheckpointDataset
      filepath: data/06_models/baseline/fold_{number}
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> class Weights:
    ...     def save_pretrained(self, folder):
    ...         _ = (folder / "model.safetensors").write_bytes(b"weights")
    >>> folder = Path(tempfile.mkdtemp()) / "fold_0"
    >>> dataset = CheckpointDataset(filepath=str(folder))
    >>> dataset.exists()
    False
    >>> dataset.save(Weights())
    >>> dataset.exists(), dataset.load() == folder
    (True, True)
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the folder of a whole checkpoint.

        Raises:
            DatasetError: There is none.
        """
        if not self._exists():
            raise DatasetError(
                f"No whole checkpoint at {self._filepath} ({_WEIGHTS_FILE} is missing); "
                "train this fold first, for example with kedro run --pipelines train."
            )
        return self._filepath

    def save(self, data: SavesFolder) -> None:
        """Write the folder beside its place, then swap it in."""
        with folder_written_beside(self._filepath) as partial:
            data.save_pretrained(partial)

    def _exists(self) -> bool:
        return (self._filepath / _WEIGHTS_FILE).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
