"""The contest's CSV: a header, and entities written as Python dictionaries."""

import ast
from collections.abc import Iterator
from typing import Any

from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawEntity,
    RawRow,
    read_entity,
    shorten,
)
from klue_pipeline.text.csv_lines import first_line, read_lines, read_table
from klue_pipeline.text.records.cells import (
    read_number_or_name,
    read_text,
)
from klue_pipeline.text.records.raw_file import RawFile

COLUMNS = ("id", "sentence", "subject_entity", "object_entity")
"""Columns every file has; ``label``, ``source`` and ``fold`` are read where they are there."""


def parse(raw: RawFile) -> Iterator[RawRow]:
    """Read the rows of a contest CSV; other columns than the known ones are left alone.

    Raises:
        ValueError: A column is missing, a line has another number of fields than the header, or
            quotes do not match.
    """
    table = read_table(read_lines(raw.lines(), name=raw.name), COLUMNS, raw.name)
    for row_number, fields in enumerate(table, start=1):
        yield _read_row(row_number, fields)


def is_seen_in(raw: RawFile) -> bool:
    """Tell whether the first line is a header with ``subject_entity``."""
    return "subject_entity" in first_line(raw.head(), ",")


def _read_row(row_number: int, fields: dict[str, str]) -> RawRow:
    return RawRow(
        row_number=row_number,
        row_id=read_text(fields["id"]),
        sentence=fields["sentence"],
        subject=read_entity_literal(fields["subject_entity"]),
        object=read_entity_literal(fields["object_entity"]),
        label=read_number_or_name(fields.get("label")),
        source=read_text(fields.get("source")),
        given_fold=read_number_or_name(fields.get("fold")),
    )


def read_entity_literal(text: str) -> RawEntity | str | None:
    """Read an entity from the text of a Python dictionary, without running any code.

    Words may hold commas, colons and quotes, which is why the text is parsed and never split.

    >>> read_entity_literal("{'word': '토지: 1, 2', 'start_idx': 0, 'end_idx': 7, 'type': 'POH'}")
    RawEntity(word='토지: 1, 2', start=0, end=8, type='POH')
    >>> read_entity_literal("{'word': '토지'")
    "not a Python dictionary: {'word': '토지'"
    """
    if not text.strip():
        return None
    try:
        value: Any = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return f"not a Python dictionary: {shorten(text)}"
    return read_entity(value)
