"""KLUE's own schema: its JSON file, JSON lines, or the rows of the hub's ``klue``/``re``."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from klue_pipeline.relation.ingest.parsing.columns import require_columns
from klue_pipeline.relation.ingest.parsing.json_lines import Record, read_json_lines
from klue_pipeline.relation.ingest.parsing.raw_file import RawFile
from klue_pipeline.relation.ingest.parsing.raw_row import RawRow
from klue_pipeline.relation.ingest.parsing.values import (
    read_entity,
    read_number_or_name,
    read_text,
    shorten,
)

COLUMNS = ("guid", "sentence", "subject_entity", "object_entity")
"""Fields every file has; ``label``, ``source`` and ``fold`` are read where they are there."""


def parse(raw: RawFile) -> Iterator[RawRow]:
    """Read rows in KLUE's schema; a field may be missing in single rows, but not in all of them.

    Raises:
        ValueError: The JSON is broken or no list of objects, or no row has a certain field.
    """
    if raw.open_text is not None and raw.head().lstrip().startswith("{"):
        yield from _stream(read_json_lines(raw.lines()))
        return
    if raw.records is not None and not isinstance(raw.records, Sequence):
        first: Mapping[str, Any] = next(iter(raw.records), {})
        require_columns(list(first), COLUMNS, raw.name)
        yield from _stream(raw.records)
        return
    records = read_json(raw.require_text(), raw.name) if raw.is_text else list(raw.records or ())
    for row_number, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise ValueError(  # noqa: TRY004 - the file is wrong, not the call
                f"{raw.name}, row {row_number}: found {shorten(repr(record))}; wanted an object "
                f"with {', '.join(COLUMNS)}."
            )
    if records:
        require_columns(
            list(dict.fromkeys(key for row in records for key in row)), COLUMNS, raw.name
        )
    for row_number, record in enumerate(records, start=1):
        yield _read_row(row_number, record)


def is_seen_in(raw: RawFile) -> bool:
    """Tell whether these are records, or text that begins as JSON does."""
    return not raw.is_text or raw.head().lstrip().startswith(("[", "{"))


def _stream(records: Iterable[Record]) -> Iterator[RawRow]:
    """Read records one by one; one that cannot be read becomes a row with a problem."""
    for row_number, record in enumerate(records, start=1):
        if isinstance(record, str):
            yield RawRow(row_number, None, None, None, None, None, problem=record)
        else:
            yield _read_row(row_number, record)


def _read_row(row_number: int, record: Mapping[str, Any]) -> RawRow:
    sentence = record.get("sentence")
    return RawRow(
        row_number=row_number,
        row_id=read_text(record.get("guid")),
        sentence=sentence if sentence is None else str(sentence),
        subject=read_entity(record.get("subject_entity")),
        object=read_entity(record.get("object_entity")),
        label=read_number_or_name(record.get("label")),
        source=read_text(record.get("source")),
        given_fold=read_number_or_name(record.get("fold")),
    )


def read_json(text: str, name: str) -> Sequence[Any]:
    """Read a JSON list, or JSON objects that follow one another.

    Raises:
        ValueError: It is none, or not whole.
    """
    if not text.lstrip().startswith(("[", "{")):
        raise ValueError(
            f"{name} is no JSON: it begins with {shorten(text.lstrip())!r}. Set ingest.format to "
            "the format of the file, or to auto."
        )
    try:
        return _read_list(text) if text.lstrip().startswith("[") else list(_read_objects(text))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name} is not whole JSON: {error.msg} at line {error.lineno}, column {error.colno} "
            f"(character {error.pos} of {len(text)}). Is the file cut off? Fetch it again."
        ) from error
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply to be a list of KLUE rows.") from error


def _read_list(text: str) -> Sequence[Any]:
    rows: Sequence[Any] = json.loads(text)
    return rows


def _read_objects(text: str) -> Iterator[Any]:
    """Yield JSON values that follow one another, as in JSON lines."""
    decoder = json.JSONDecoder()
    position = _skip_blanks(text, 0)
    while position < len(text):
        value, end = decoder.raw_decode(text, position)
        yield value
        position = _skip_blanks(text, end)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
