"""``CheckpointDataset`` keeps a trained model as a folder that is either whole or not there."""

from pathlib import Path
from typing import Protocol

from klue_pipeline.datasets.whole_folder import WholeFolderDataset


class SavesFolder(Protocol):
    """Anything that writes itself into a folder, as Transformers' models and tokenizers do."""

    def save_pretrained(self, folder: Path) -> object:
        """Write all files into ``folder``."""


class CheckpointDataset(WholeFolderDataset[SavesFolder]):
    """``CheckpointDataset`` saves anything with ``save_pretrained`` and loads the folder's path.

    The path, not the model, is what a node gets, so that no model lives longer than its node.

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

    whole_file = "model.safetensors"
    if_missing = (
        "No whole checkpoint at {folder} ({file} is missing); train this fold first, for example "
        "with kedro run --pipelines train."
    )

    def _write(self, data: SavesFolder, folder: Path) -> None:
        data.save_pretrained(folder)
