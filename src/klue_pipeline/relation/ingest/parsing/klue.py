"""KLUE's own schema: its JSON file, JSON lines, or the rows of the hub's ``klue``/``re``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawRow,
    read_entity,
)
from klue_pipeline.text.csv_lines import require_columns
from klue_pipeline.text.records.cells import (
    describe_misfit,
    find_misfits,
    read_number_or_name,
    read_text,
)
from klue_pipeline.text.records.json_records import Record, read_json, read_json_lines
from klue_pipeline.text.records.raw_file import RawFile

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
    records: Sequence[Record] = (
        read_json(raw.require_text(), raw.name) if raw.is_text else list(raw.records or ())
    )
    names = dict.fromkeys(key for row in records if isinstance(row, Mapping) for key in row)
    if records and not names:
        raise ValueError(f"{raw.name} has no row that can be read, row 1: {records[0]}")
    if records:
        require_columns(list(names), COLUMNS, raw.name)
    yield from _stream(records)


def is_seen_in(raw: RawFile) -> bool:
    """Tell whether these are records, or text that begins as JSON does."""
    return not raw.is_text or raw.head().lstrip().startswith(("[", "{"))


def _stream(records: Iterable[Record]) -> Iterator[RawRow]:
    """Read records one by one; one that cannot be read becomes a row with a problem."""
    for row_number, record in enumerate(records, start=1):
        if isinstance(record, str):
            yield RawRow.unreadable(row_number, None, record)
        else:
            yield _read_row(row_number, record)


def _read_row(row_number: int, record: Mapping[str, Any]) -> RawRow:
    row_id, sentence = record.get("guid"), record.get("sentence")
    if not isinstance(sentence, str | None):
        problem = describe_misfit("sentence", sentence)
        return RawRow.unreadable(row_number, read_text(row_id), problem)
    plain = {name: record.get(name) for name in ("label", "source", "fold")}
    return RawRow(
        row_number=row_number,
        row_id=read_text(row_id),
        sentence=sentence,
        subject=read_entity(record.get("subject_entity")),
        object=read_entity(record.get("object_entity")),
        label=read_number_or_name(plain["label"]),
        source=read_text(plain["source"]),
        given_fold=read_number_or_name(plain["fold"]),
        misfits=find_misfits({"guid": row_id, **plain}),
    )
