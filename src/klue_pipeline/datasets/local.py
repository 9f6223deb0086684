"""Bases of our datasets: one local file, a folder that is whole or not there, what is only read."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.runs.disk.atomic_file import folder_written_beside

_Saved = TypeVar("_Saved")
_Loaded = TypeVar("_Loaded")


class LocalDataset(AbstractDataset[_Saved, _Loaded]):
    """Base of datasets that keep everything at one local path, a file where nothing else is said.

    Args:
        filepath: A local path.
        metadata: Anything, for plugins such as Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class ReadOnlyDataset(AbstractDataset[NoReturn, _Loaded]):
    """Base of datasets that are read and never written."""

    def save(self, data: NoReturn) -> NoReturn:  # noqa: ARG002 - Kedro's signature
        """Refuse.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self} cannot be saved; it is read here and never written.")


class WholeFolderDataset(LocalDataset[_Saved, Path]):
    """Base of datasets that write a folder beside its place, rename it, and load its path.

    ``exists`` is true only for a folder with its ``whole_file``, so a killed run never leaves a
    half folder that a later run would take for done.
    """

    whole_file: ClassVar[str]
    """The file without which a folder is not whole."""
    if_missing: ClassVar[str]
    """The message where there is no whole folder; knows ``folder`` and ``file``."""

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
