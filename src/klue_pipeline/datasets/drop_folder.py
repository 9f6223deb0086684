"""Folders that people drop files into: what counts as handed in, and what is no such thing."""

from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from kedro.io import AbstractDataset, DatasetError

_ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"})
_LEFT_BY_UNZIPPING = "__MACOSX"

Shelf = TypeVar("Shelf")


class DropFolderDataset(AbstractDataset[NoReturn, Shelf], Generic[Shelf]):
    """What datasets of such folders share: they read, and never write. ``load`` is theirs."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            filepath: A local path; there need not be such a folder.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def save(self, data: NoReturn) -> NoReturn:  # noqa: ARG002 - Kedro's signature
        """Refuse: what lies there is other people's.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(
            f"{self._filepath} is read here and never written; people copy their files into it."
        )

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def list_entries(folder: Path) -> list[Path]:
    """Return everything that was handed in, by name; nothing where there is no folder.

    Hidden files, a README and what a Mac's archives leave behind are nobody's work.

    Raises:
        DatasetError: ``folder`` is a file.
    """
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise DatasetError(f"{folder} is a file; a folder was wanted.")
    return sorted(path for path in folder.iterdir() if not _is_nobodys(path.name))


def is_archive(path: Path) -> bool:
    """Tell by its name whether a file has to be unpacked.

    >>> is_archive(Path("baseline.ZIP")), is_archive(Path("v1.0"))
    (True, False)
    """
    return path.suffix.lower() in _ARCHIVES


def _is_nobodys(name: str) -> bool:
    is_readme = Path(name).stem.partition(".")[0].upper() == "README"
    return name.startswith(".") or name == _LEFT_BY_UNZIPPING or is_readme
