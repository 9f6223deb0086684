"""Raw questions in the catalog: a file, a folder that ``save_to_disk`` wrote, or a hub split."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.files import load_file, resolve_path
from klue_pipeline.datasets.inputs.raw_relation import HUB, load_hub_split, resolve_source
from klue_pipeline.datasets.local import ReadOnlyDataset
from klue_pipeline.odqa.ingest.raw_questions import RawQuestions
from klue_pipeline.text.records.raw_file import RawFile


class RawQuestionsDataset(ReadOnlyDataset[RawQuestions | None]):
    """The questions of one source as they are; parsing is the ingest pipeline's job.

    Args:
        source: A path, absolute or relative to the project, or ``hub:<data set>:<config>:<split>``
            such as ``hub:klue:mrc:train``. None where a source is optional and not given.
        setting: The parameter that ``source`` came from; messages name it.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(
        self, *, source: str | None, setting: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._source = source
        self._setting = setting
        self.metadata = metadata

    def load(self) -> RawQuestions | None:
        """Read the file or folder, or fetch the split; None where no source is given.

        Raises:
            DatasetError: There is no such file, it is empty, broken or not UTF-8, or the hub
                failed.
        """
        source = self._source
        if not source:
            return None
        if source.startswith(HUB):
            return RawQuestions(source, {"": load_hub_split(source, self._setting)})
        path = resolve_path(source)
        if path.is_dir():
            return RawQuestions(source, _load_folder(path, source, self._setting))
        return RawQuestions(source, {"": load_file(source, self._setting)})

    @property
    def resolved_source(self) -> str | None:
        """The absolute path or the hub id; None where no source is given."""
        return resolve_source(self._source)

    def _exists(self) -> bool:
        source = self._source or ""
        return source.startswith(HUB) or (bool(source) and resolve_path(source).exists())

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source}


def _load_folder(path: Path, source: str, setting: str) -> dict[str, RawFile]:
    """Read what ``save_to_disk`` of the library ``datasets`` wrote, whole or one of its parts."""
    from datasets import Dataset, load_from_disk

    try:
        loaded = load_from_disk(str(path))
        found = {"": loaded} if isinstance(loaded, Dataset) else dict(loaded)
        return {
            name: RawFile(f"{source}/{name}".rstrip("/"), records=part.to_list())
            for name, part in found.items()
        }
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        problem = "is not whole JSON" if isinstance(error, json.JSONDecodeError) else "is not whole"
        raise DatasetError(
            f"{path} is a folder, and not one that save_to_disk of the library datasets wrote, or "
            f"it {problem} ({type(error).__name__}: {error}). Copy or fetch it again, or give "
            f"another source with --params {setting}=<file or folder>."
        ) from error
