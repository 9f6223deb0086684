"""A table and what is known of it as one Arrow file, which readers open without copying."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from kedro.io import DatasetError

from klue_pipeline.runs.disk.atomic_file import written_beside

_METADATA_KEY = b"klue_pipeline.features"


def write_arrow(path: Path, table: pa.Table, header: dict[str, Any]) -> None:
    """Write a table as an Arrow IPC file (Feather version 2), uncompressed.

    The file is written beside its place and renamed, so that it is there whole or not at all, and a
    process that has the earlier one open keeps it.

    Args:
        path: The file.
        table: Its rows.
        header: What JSON can hold; stands in the metadata of the schema.
    """
    text = json.dumps(header, ensure_ascii=False).encode()
    table = table.replace_schema_metadata({_METADATA_KEY: text})
    with (
        written_beside(path) as partial,
        pa.ipc.new_file(str(partial), table.schema) as writer,
    ):
        writer.write_table(table)


def read_arrow(path: Path, schema: pa.Schema, stage: str) -> tuple[pa.Table, dict[str, Any]]:
    """Map a file of :func:`write_arrow` into memory.

    Pages are read when they are used, and shared by every process that reads them.

    Args:
        path: The file.
        schema: The columns that are wanted.
        stage: The pipeline that makes the file, for messages.

    Returns:
        The table, and its header.

    Raises:
        DatasetError: It is missing, no Arrow file, or has other columns.
    """
    remedy = f"make it again with kedro run --pipelines {stage}"
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"Cannot read features from {path}: {error}; {remedy}.") from error
    text = (table.schema.metadata or {}).get(_METADATA_KEY)
    if text is None or not table.schema.equals(schema):
        raise DatasetError(
            f"{path} is an Arrow file but holds no features in the columns {schema.names}; it has "
            f"{table.schema.names[:5]}…; {remedy}."
        )
    return table.replace_schema_metadata(None), json.loads(text)
