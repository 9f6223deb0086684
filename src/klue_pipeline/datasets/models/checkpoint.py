"""Trained models as folders that are either whole or not there: folds, encoders, exports."""

import logging
import shutil
from pathlib import Path
from typing import Any, Protocol

from kedro.io import DatasetError

from klue_pipeline.datasets.local import WholeFolderDataset
from klue_pipeline.training.exporting.export_manifest import require_made_of, require_whole_export
from klue_pipeline.training.exporting.linked_folders import CARD_FILE
from klue_pipeline.training.loading.checkpoint_files import COPY_AGAIN
from klue_pipeline.training.loading.weights_file import (
    WEIGHTS_FILE,
    are_dropped,
    find_weights_problem,
)

logger = logging.getLogger(__name__)


class SavesFolder(Protocol):
    """Anything that writes itself into a folder, as Transformers' models and tokenizers do."""

    def save_pretrained(self, folder: Path) -> object:
        """Write all files into ``folder``."""


class CheckpointDataset(WholeFolderDataset[SavesFolder]):
    """``CheckpointDataset`` saves anything with ``save_pretrained`` and loads the folder's path.

    The path, not the model, is what a node gets, so that no model lives longer than its node. A
    folder whose weights are cut off does not exist, so that ``--only-missing-outputs`` makes it
    anew, and is not loaded. One whose weights were dropped on purpose, to save disk, exists and is
    loaded: what has been made of it need not be made again, and who wants its weights is told.

    Example usage for the YAML API:

    ```yaml
    "fold_{number}.model":
      type: klue_pipeline.datasets.models.checkpoint.CheckpointDataset
      filepath: data/06_models/baseline/fold_{number}
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> import numpy as np
    >>> from safetensors.numpy import save_file
    >>> class Weights:
    ...     def save_pretrained(self, folder):
    ...         save_file({"weight": np.zeros(3)}, folder / "model.safetensors")
    >>> folder = Path(tempfile.mkdtemp()) / "fold_0"
    >>> dataset = CheckpointDataset(filepath=str(folder))
    >>> dataset.exists()
    False
    >>> dataset.save(Weights())
    >>> dataset.exists(), dataset.load() == folder
    (True, True)
    """

    whole_file = WEIGHTS_FILE
    if_missing = (
        "No whole checkpoint at {folder} ({file} is missing); train this fold first, for example "
        "with kedro run --pipelines train."
    )

    def load(self) -> Path:
        """Return the folder, if it is whole.

        Raises:
            DatasetError: It is not there, or what it holds is not whole.
        """
        if super()._exists() and (problem := self._find_problem()):
            raise DatasetError(problem)
        return super().load()

    def _write(self, data: SavesFolder, folder: Path) -> None:
        data.save_pretrained(folder)

    def _exists(self) -> bool:
        if are_dropped(self._filepath):
            return True
        if not super()._exists():
            return False
        problem = self._find_problem()
        if problem:
            logger.warning("%s Until then it counts as missing.", problem)
        return problem is None

    def _find_problem(self) -> str | None:
        """Return what is wrong with a folder that has its ``whole_file``."""
        path = self._filepath / self.whole_file
        problem = find_weights_problem(path)
        return f"{path} {problem}. {COPY_AGAIN}" if problem else None


class AdaptedEncoderDataset(CheckpointDataset):
    """``AdaptedEncoderDataset`` stores an encoder's folder, then removes its resume state.

    Nothing is removed before the whole folder is in its place, so a killed run loses nothing.

    Example usage for the YAML API:

    ```yaml
    adapted_encoder:
      type: klue_pipeline.datasets.models.checkpoint.AdaptedEncoderDataset
      filepath: data/06_models/adapted
      scratch: data/06_models/.scratch_adapted
    ```
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


class ExportedModelDataset(CheckpointDataset):
    """``ExportedModelDataset`` saves an exported model and loads the folder's path.

    The folder replaces the former one whole, so that no fold of an earlier run stays in it. One
    that is not what was exported is not loaded.

    Example usage for the YAML API:

    ```yaml
    exported_model:
      type: klue_pipeline.datasets.models.checkpoint.ExportedModelDataset
      filepath: data/06_models/baseline/exported
    ```
    """

    whole_file = CARD_FILE
    if_missing = (
        "No exported model at {folder}; make it with kedro run --pipelines export, with the same "
        "--env and --params experiment=... as the training. An experiment whose "
        "training.keep_weights is none exports none: set it to best_fold or all, and train again."
    )

    def _find_problem(self) -> str | None:
        try:
            require_whole_export(self._filepath)
        except ValueError as error:
            return str(error)
        return None


class ExportedAnswererDataset(ExportedModelDataset):
    """``ExportedAnswererDataset`` is the same for what answers questions.

    Example usage for the YAML API:

    ```yaml
    odqa.exported_answerer:
      type: klue_pipeline.datasets.models.checkpoint.ExportedAnswererDataset
      filepath: data/06_models/odqa/reader/exported
    ```
    """

    if_missing = (
        "No exported answerer at {folder}; make it with kedro run --pipelines odqa_export, with "
        "the same --env and --params odqa.experiment=... as the training. An experiment whose "
        "odqa.training.keep_weights is none exports none: set it to best_fold or all, and train "
        "again."
    )


class ExportedGraphsDataset(ExportedModelDataset):
    """``ExportedGraphsDataset`` is the same for ONNX graphs of an exported model.

    Graphs of an earlier export count as missing and are not loaded: after another training they
    would go on answering with the former weights.

    Example usage for the YAML API:

    ```yaml
    onnx_model:
      type: klue_pipeline.datasets.models.checkpoint.ExportedGraphsDataset
      filepath: data/06_models/baseline/onnx
      made_of: data/06_models/baseline/exported
    ```
    """

    if_missing = (
        "No ONNX graphs at {folder}; make them with kedro run --pipelines onnx, with the same "
        "--env and --params experiment=... as the training. Where int8 was refused, onnx.int8="
        "false takes those in float32."
    )

    def __init__(
        self, *, filepath: str, made_of: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the folders.

        Args:
            filepath: Where the graphs go.
            made_of: Where the exported model is that they are made of.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        super().__init__(filepath=filepath, metadata=metadata)
        self._made_of = Path(made_of)

    def _find_problem(self) -> str | None:
        try:
            require_made_of(self._filepath, self._made_of)
        except ValueError as error:
            return str(error)
        return super()._find_problem()


class AnswererGraphsDataset(ExportedGraphsDataset):
    """``AnswererGraphsDataset`` is the same for an answerer whose readers are ONNX graphs.

    Example usage for the YAML API:

    ```yaml
    odqa.onnx_answerer:
      type: klue_pipeline.datasets.models.checkpoint.AnswererGraphsDataset
      filepath: data/06_models/odqa/reader/onnx
      made_of: data/06_models/odqa/reader/exported
    ```
    """

    if_missing = (
        "No ONNX graphs at {folder}; make them with kedro run --pipelines odqa_onnx, with the same "
        "--env and --params odqa.experiment=... as the training. Where int8 was refused, "
        "odqa.onnx.int8=false takes those in float32."
    )
