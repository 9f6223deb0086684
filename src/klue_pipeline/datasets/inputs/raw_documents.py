"""Raw documents in the catalog: a file or a folder of texts that may be larger than memory."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.files import open_file, resolve_path
from klue_pipeline.datasets.local import ReadOnlyDataset
from klue_pipeline.text.records.raw_file import RawFile

_SUFFIXES = (".txt", ".md")

logger = logging.getLogger(__name__)


class RawDocumentsDataset(ReadOnlyDataset[RawFile]):
    """Documents as something that is read one by one.

    Args:
        source: A path, absolute or relative to the project: JSON, JSON lines, CSV, Parquet, or a
            folder of ``.txt`` and ``.md`` files.
        setting: The parameter that ``source`` came from; messages name it.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(
        self, *, source: str, setting: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._source = source
        self._setting = setting
        self.metadata = metadata

    def load(self) -> RawFile:
        """Look at the file or folder, and leave the reading to whoever iterates.

        Raises:
            DatasetError: There is no such file or folder, it is of no readable kind, or no text is
                in it.
        """
        path = resolve_path(self._source)
        remedy = f"Give another file or folder with --params {self._setting}=<path>."
        if path.is_dir():
            return RawFile(self._source, records=TextFiles(path, remedy))
        return open_file(self._source, remedy)

    @property
    def resolved_source(self) -> str:
        """The absolute path."""
        return str(resolve_path(self._source))

    def _exists(self) -> bool:
        return resolve_path(self._source).exists()

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source}


class TextFiles:
    """Yields the text files below a folder as records, in the order of their paths.

    A record has the path as its id, the name without suffix as its title, and the text. Of a file
    that is not UTF-8 the text is bytes, which whoever reads the records sets aside.

    Args:
        folder: A folder that is there.
        remedy: What to do, for the message.

    Raises:
        DatasetError: It has no such files.
    """

    def __init__(self, folder: Path, remedy: str) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self._folder = folder
        self._paths = [path for path in files if path.suffix.lower() in _SUFFIXES]
        if not self._paths:
            raise DatasetError(
                f"{folder} is a folder without files {' or '.join(_SUFFIXES)} ({len(files)} "
                f"others). {remedy}"
            )
        if len(files) > len(self._paths):
            n_others = len(files) - len(self._paths)
            logger.warning("%s: %d files are not %s and are not read", folder, n_others, _SUFFIXES)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Read the files from the first one."""
        for path in self._paths:
            document_id = path.relative_to(self._folder).as_posix()
            yield {"document_id": document_id, "title": path.stem, "text": _read(path)}

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._paths)


def _read(path: Path) -> str | bytes:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content
