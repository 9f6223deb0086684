"""``AdaptedEncoderDataset`` keeps an adapted encoder, and clears up after its training."""

import shutil
from pathlib import Path
from typing import Any

from klue_pipeline.datasets.checkpoint import CheckpointDataset, SavesFolder


class AdaptedEncoderDataset(CheckpointDataset):
    """``AdaptedEncoderDataset`` stores an encoder's folder, then removes its resume state.

    Nothing is removed before the whole folder is in its place, so a killed run loses nothing.

    Example usage for the YAML API:

    ```yaml
    adapted_encoder:
      type: klue_pipeline.datasets.adapted_encoder.AdaptedEncoderDataset
      filepath: data/06_models/adapted
      scratch: data/06_models/.scratch_adapted
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> class Weights:
    ...     def save_pretrained(self, folder):
    ...         _ = (folder / "model.safetensors").write_bytes(b"weights")
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "scratch").mkdir()
    >>> dataset = AdaptedEncoderDataset(filepath=str(root / "it"), scratch=str(root / "scratch"))
    >>> dataset.save(Weights())
    >>> [path.name for path in root.iterdir()]
    ['it']
    """

    if_missing = (
        "No whole encoder at {folder}; make it with kedro run --pipelines ingest,clean,adapt."
    )

    def __init__(
        self, *, filepath: str, scratch: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the folders.

        Args:
            filepath: Where the encoder goes.
            scratch: Where its training keeps the resume state.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        super().__init__(filepath=filepath, metadata=metadata)
        self._scratch = Path(scratch)

    def save(self, data: SavesFolder) -> None:
        """Write the folder beside its place, swap it in, and remove the resume state."""
        super().save(data)
        shutil.rmtree(self._scratch, ignore_errors=True)
