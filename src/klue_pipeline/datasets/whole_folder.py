"""Folders that a run makes and other runs read: whole or not there, loaded as their path."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.datasets.atomic_file import folder_written_beside

_Saved = TypeVar("_Saved")


class WholeFolderDataset(AbstractDataset[_Saved, Path]):
    """Base of datasets that write a folder beside its place, rename it, and load its path.

    ``exists`` is true only for a folder with its ``whole_file``, so a killed run never leaves a
    half folder that a later run would take for done.
    """

    whole_file: ClassVar[str]
    """The file without which a folder is not whole."""
    if_missing: ClassVar[str]
    """What is said where there is no whole folder; knows ``folder`` and ``file``."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            filepath: A local path.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the folder, if it is whole.

        Raises:
            DatasetError: It is not.
        """
        if not self._exists():
            raise DatasetError(self.if_missing.format(folder=self._filepath, file=self.whole_file))
        return self._filepath

    def save(self, data: _Saved) -> None:
        """Write the folder beside its place, then swap it in."""
        with folder_written_beside(self._filepath) as partial:
            self._write(data, partial)

    @abstractmethod
    def _write(self, data: _Saved, folder: Path) -> None:
        """Write everything into an empty folder."""

    def _exists(self) -> bool:
        return (self._filepath / self.whole_file).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
