"""Files of the user's in the project: where they lie, what can be read, and Parquet by batches."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import DatasetError
from kedro.utils import find_kedro_project

from klue_pipeline.text.csv_lines import decode
from klue_pipeline.text.file_kinds import describe_kind
from klue_pipeline.text.records.raw_file import RawFile

PARQUET = ".parquet"
_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})
_ROWS_PER_BATCH = 4096
_HEAD_BYTES = 4096
_SAMPLE = "data/01_raw/sample"
_WHERE_THE_SAMPLE_IS = (
    "The sample comes with the repository and not with the package; copy its folder "
    f"{_SAMPLE} to here. "
)


def resolve_path(source: str) -> Path:
    """Return a path as an absolute one; a relative path starts at the project's root."""
    root = find_kedro_project(Path.cwd()) or Path.cwd()
    return (Path(root) / Path(source).expanduser()).resolve()


def load_file(source: str, setting: str) -> RawFile:
    """Read a file as UTF-8, with or without a byte order mark, or as Parquet.

    Raises:
        DatasetError: It is not there, not a file, empty, a workbook or not UTF-8.
    """
    path = resolve_path(source)
    remedy = f"Give another file with --params {setting}=<file>."
    require_readable_file(path, source, remedy)
    if path.suffix.lower() == PARQUET:
        return RawFile(name=source, records=ParquetRecords(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}. {remedy}") from error
    try:
        text = decode(content)
    except ValueError as error:
        raise DatasetError(f"{path}, {error}") from error
    if not text.strip():
        raise DatasetError(f"{path} is empty ({len(content)} bytes). {remedy}")
    return RawFile(name=source, text=text)


def open_file(source: str, remedy: str) -> RawFile:
    """Look at a file that may be larger than memory, and leave the reading to whoever iterates.

    Raises:
        DatasetError: There is no such file, or it is of no readable kind.
    """
    path = resolve_path(source)
    require_readable_file(path, source, remedy)
    if path.suffix.lower() == PARQUET:
        return RawFile(source, records=ParquetRecords(path))
    if kind := describe_kind(read_head(path)):
        raise DatasetError(f"{path} is {kind}. {remedy}")
    return RawFile(source, open_text=partial(path.open, encoding="utf-8-sig", newline=""))


def require_readable_file(path: Path, source: str, remedy: str) -> None:
    """Refuse what is no file, or one of a kind that nothing here reads.

    Args:
        path: The file's absolute path.
        source: The file as the user wrote it.
        remedy: What to do, for the message.

    Raises:
        DatasetError: Saying what was found.
    """
    if path.is_dir():
        raise DatasetError(f"{path} is a folder, a file was wanted. {remedy}")
    if not path.is_file():
        where = _WHERE_THE_SAMPLE_IS if Path(source).is_relative_to(_SAMPLE) else ""
        given = f" (given as {source})" if source != str(path) else ""
        raise DatasetError(f"There is no file {path}{given}. {where}{remedy}")
    if path.suffix.lower() in _WORKBOOKS:
        raise DatasetError(
            f'{path} is a workbook; save the sheet as "CSV UTF-8" and give that file. {remedy}'
        )


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, enough to see what it is."""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


class ParquetRecords:
    """Yields the rows of a file as mappings of columns, as often as it is asked.

    Args:
        path: A file that is there.

    Raises:
        DatasetError: It is no Parquet file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._n_rows = int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError) as error:
            kind = describe_kind(read_head(path)) or "text; let its name end in .csv or .jsonl"
            raise DatasetError(
                f"{path} cannot be read as Parquet: {error}. It begins as {kind}."
            ) from error

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Read the file from its beginning."""
        with pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
                yield from batch.to_pylist()

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._n_rows
