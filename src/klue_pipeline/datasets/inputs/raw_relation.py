"""Raw relation data in the catalog: a file of the user's, or a split on the Hugging Face hub."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.files import load_file, resolve_path
from klue_pipeline.datasets.local import ReadOnlyDataset
from klue_pipeline.relation.ingest.labels import NO_LABEL
from klue_pipeline.text.records.cells import (
    is_plain,
)
from klue_pipeline.text.records.raw_file import RawFile

HUB = "hub:"
"""What the id of a split on the hub begins with."""


class RawRelationDataset(ReadOnlyDataset[RawFile | None]):
    """The content of one raw file or hub split, as it is; parsing is the ingest pipeline's job.

    Args:
        source: A path, absolute or relative to the project, or ``hub:<data set>:<config>:<split>``
            such as ``hub:klue:re:train``.
        setting: The parameter that ``source`` came from; messages name it.
        required: Whether there has to be a source; without one, ``load`` otherwise returns None.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(
        self,
        *,
        source: str | None,
        setting: str = "raw.train (or raw.test)",
        required: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._source = source
        self._setting = setting
        self._required = required
        self.metadata = metadata

    def load(self) -> RawFile | None:
        """Read the file or fetch the split.

        Raises:
            DatasetError: There is no such file, it is empty or not UTF-8, or the hub failed.
        """
        if self._source:
            return _load_source(self._source, self._setting)
        if self._required:
            raise DatasetError(f"No file is given: set {self._setting} to a file.")
        return None

    @property
    def resolved_source(self) -> str | None:
        """The file's absolute path or the hub id; None where no source is given."""
        return resolve_source(self._source)

    def _exists(self) -> bool:
        source = self._source or ""
        return source.startswith(HUB) or (bool(source) and resolve_path(source).is_file())

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source}


class RawGoldDataset(ReadOnlyDataset[RawFile | None]):
    """The gold labels of the test rows; None where there are none.

    Args:
        source: As for :class:`RawRelationDataset`; None for no gold; ``auto`` for the labels of the
            hub split that ``test_source`` names, or the file beside it with ``_gold`` after its
            stem (``test.csv`` -> ``test_gold.csv``), if that is there.
        test_source: Where the test rows come from.
        setting: The parameter that ``source`` came from; messages name it.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(
        self,
        *,
        source: str | None,
        test_source: str | None,
        setting: str = "raw.test_gold",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._source = source
        self._test_source = test_source
        self._setting = setting
        self.metadata = metadata

    def load(self) -> RawFile | None:
        """Read the gold file, if there is one.

        Raises:
            DatasetError: A file that was named is not there, or cannot be read.
        """
        source = self._found_source()
        if source is None:
            return None
        raw = _load_source(source, self._setting)
        return None if self._source == "auto" and _is_unlabelled(raw.records) else raw

    @property
    def resolved_source(self) -> str | None:
        """The file's absolute path or the hub id; None where there is no gold."""
        return resolve_source(self._found_source())

    def _found_source(self) -> str | None:
        if self._source != "auto":
            return self._source or None
        test_source = self._test_source or ""
        if test_source.startswith(HUB):
            return test_source
        path = Path(test_source)
        beside = path.with_name(f"{path.stem}_gold{path.suffix}") if test_source else None
        return str(beside) if beside and resolve_path(str(beside)).is_file() else None

    def _exists(self) -> bool:
        return self._found_source() is not None

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source, "test_source": self._test_source}


def resolve_source(source: str | None) -> str | None:
    """Return a file's absolute path, or a hub id as it is; None where no source is given."""
    if not source or source.startswith(HUB):
        return source or None
    return str(resolve_path(source))


def _load_source(source: str, setting: str) -> RawFile:
    if source.startswith(HUB):
        return load_hub_split(source, setting)
    return load_file(source, setting)


def load_hub_split(source: str, setting: str) -> RawFile:
    """Fetch one split of a data set on the hub; labels come back by name.

    ``datasets`` is called directly: Kedro's ``HFDataset`` asks the hub again whenever it is
    described, as every log line and error message does.

    Raises:
        DatasetError: The id is not of the form ``hub:<data set>:<config>:<split>``, or the data
            set cannot be fetched.
    """
    parts = source.removeprefix(HUB).split(":")
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - data set, config, split
        raise DatasetError(f"{source} is no hub id; wanted hub:<data set>:<config>:<split>.")
    name, config, split = parts
    try:
        from datasets import load_dataset

        rows = load_dataset(name, config, split=split)
    except Exception as error:  # whatever the hub's client, the network or a cache raises
        raise DatasetError(
            f"{source} could not be fetched from the hub ({type(error).__name__}: {error}). Check "
            f"the connection and the id, or give a local file with --params {setting}=<file>."
        ) from error
    return RawFile(name=source, records=_named_labels(rows))


def _named_labels(rows: Any) -> Sequence[Mapping[str, Any]]:
    """Return the rows with label numbers replaced by the names that the data set itself gives."""
    names = getattr(rows.features.get("label"), "names", None)
    records: list[dict[str, Any]] = rows.to_list()
    if names:
        for record in records:
            label = record["label"]
            record["label"] = None if label in NO_LABEL else names[label]
    return records


def _is_unlabelled(records: Iterable[Mapping[str, Any]] | None) -> bool:
    labels = [record.get("label") for record in records or ()]
    return records is not None and all(is_plain(label) and label in NO_LABEL for label in labels)
