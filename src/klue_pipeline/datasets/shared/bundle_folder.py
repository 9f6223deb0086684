"""What datasets of bundles share: a folder that is whole and unharmed, or refused."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.datasets.shared.bundle_manifest import (
    MANIFEST,
    BundleFormat,
    read_manifest,
    write_manifest,
)
from klue_pipeline.runs.disk.atomic_file import folder_written_beside


class Described(Protocol):
    """A bundle says what it is."""

    @property
    def description(self) -> Any:
        """What it says."""


Bundle = TypeVar("Bundle", bound=Described)


class BundleFolderDataset(LocalDataset[Bundle, Bundle]):
    """Base of datasets that keep one bundle as a folder that can be copied to another server.

    The folder holds ``bundle.json`` and the files of the format, no weights, and nothing that has
    to be unpickled. It is written beside its place and renamed into it. Loading compares the files
    with their SHA-256 in ``bundle.json``.
    """

    form: ClassVar[BundleFormat[Any]]
    kind: ClassVar[type]
    """The bundle's class; has a ``description`` and a part for each file, and checks itself."""
    parts: ClassVar[Mapping[str, tuple[str, Callable[..., Any]]]]
    """By file: the part of the bundle that it holds, and the dataset that reads it."""

    def load(self) -> Bundle:
        """Read the bundle, after checking that it is whole.

        Raises:
            DatasetError: It is incomplete, damaged, of another version or no bundle, or its parts
                do not belong together.
        """
        try:
            description = read_manifest(self._filepath, self.form)
            parts = {part: self._file(name).load() for name, (part, _) in self.parts.items()}
            bundle: Bundle = self.kind(description=description, **parts)
        except (DatasetError, OSError, ValueError) as error:
            raise DatasetError(f"{self._filepath} is no sound {self.form.what}: {error}") from error
        return bundle

    def save(self, data: Bundle) -> None:
        """Write the folder, replacing what was there.

        Raises:
            DatasetError: The data is no such bundle.
        """
        if not isinstance(data, self.kind):
            raise DatasetError(
                f"{self._filepath} takes one {self.kind.__name__}; found {type(data).__name__}."
            )
        with folder_written_beside(self._filepath) as partial:
            beside = type(self)(filepath=str(partial))
            for name, (part, _) in self.parts.items():
                beside._file(name).save(getattr(data, part))
            write_manifest(partial, data.description, self.form)

    def _file(self, name: str) -> Any:
        return self.parts[name][1](filepath=str(self._filepath / name))

    def _exists(self) -> bool:
        return all((self._filepath / name).is_file() for name in (MANIFEST, *self.form.files))
