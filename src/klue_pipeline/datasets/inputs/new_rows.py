"""Rows to label, in a file that may be larger than memory: opened now, read later."""

from typing import Any

from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.files import open_file, resolve_path
from klue_pipeline.datasets.local import ReadOnlyDataset
from klue_pipeline.text.records.raw_file import RawFile

_REMEDY = "Name a file with --params predict.input=<file>."


class NewRowsDataset(ReadOnlyDataset[RawFile]):
    """A file of rows without labels, as something that is read line by line.

    Args:
        source: A path, absolute or relative to the project; None where nothing is to be labelled.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(self, *, source: str | None, metadata: dict[str, Any] | None = None) -> None:
        self._source = source
        self.metadata = metadata

    def load(self) -> RawFile:
        """Look at the file, and leave the reading to whoever iterates.

        Raises:
            DatasetError: No file is named, there is no such file, or it is of no readable kind.
        """
        if not self._source:
            raise DatasetError(f"There is nothing to label. {_REMEDY}")
        return open_file(self._source, _REMEDY)

    def _exists(self) -> bool:
        return bool(self._source) and resolve_path(self._source or "").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source}
