"""Raw documents of every format -> documents of one shape, one by one.

Nothing is held but the document that is being read, so that a dump need not fit in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from klue_pipeline.odqa.ingest.answer_places import compose
from klue_pipeline.text.blanks import without_blanks
from klue_pipeline.text.records.cells import (
    describe_misfit,
    find_broken_character,
    is_gap,
    read_name,
)
from klue_pipeline.text.records.json_records import Record, read_json_lines
from klue_pipeline.text.records.json_stream import has_members, stream_members
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.records.tables import read_records
from klue_pipeline.text.shortened import list_shortly, shorten

_ID_FIELDS = ("document_id", "id", "_id")


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A document.

    Attributes:
        row_number: Its place in the file as a person counts, from 1.
        row_id: Its id; one that has none is called after its place.
        title: Its title in composed form; empty where it has none.
        text: Its text in composed form; empty where it has none or a problem.
        problem: Why it cannot be used, in words; None in all others.
    """

    row_number: int
    row_id: str
    title: str = ""
    text: str = ""
    problem: str | None = None


def read_documents(raw: RawFile) -> Iterator[RawDocument]:
    """Read documents one by one, in the order of the file.

    Known are the contest's object (``{"0": {"text": …, "title": …, "document_id": …}, …}``), a JSON
    list, JSON lines, CSV and TSV, and records of a Parquet file or a folder. The text stands under
    ``text``, the id under ``document_id``, ``id`` or ``_id``, or is the key of the object.

    Raises:
        ValueError: The file is not whole, or not UTF-8; naming the place.
    """
    for row_number, (key, record) in enumerate(_read(raw), start=1):
        yield _document(row_number, key, record)


def _read(raw: RawFile) -> Iterator[tuple[str | None, Any]]:
    if raw.is_text and has_members(raw.head()) and not _is_row(raw.head()):
        return stream_members(raw.chunks(), raw.name)
    return ((None, record) for record in read_records(raw, "text"))


def _is_row(head: str) -> bool:
    """Tell whether the first line is a document of its own, and not the object of all."""
    return any(isinstance(row, dict) and "text" in row for row in read_json_lines(_first(head)))


def _first(head: str) -> list[str]:
    return head.lstrip().splitlines()[:1]


def _document(row_number: int, key: str | None, record: Record | Any) -> RawDocument:
    fields: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    ids = (read_name(fields.get(field)) for field in _ID_FIELDS)
    row_id = next((each for each in ids if each), None) or read_name(key)
    row_id = row_id or f"document_{row_number}"
    if not isinstance(record, Mapping):
        wanted = record if isinstance(record, str) else f"no JSON object: {shorten(repr(record))}"
        return RawDocument(row_number, row_id, problem=wanted)
    text, title = fields.get("text"), read_name(fields.get("title")) or ""
    if problem := _find_problem(fields) or find_broken_character(row_id + title):
        return RawDocument(row_number, row_id, problem=problem)
    return RawDocument(row_number, compose(row_id), compose(title), compose(text or ""))


def _find_problem(fields: Mapping[str, Any]) -> str | None:
    text = fields.get("text")
    if is_gap(text):
        return f"no text; there are {list_shortly(fields)}"
    if not isinstance(text, str):
        return describe_misfit("text", text)
    has_words = without_blanks(text)
    return find_broken_character(text) if has_words else f"text is {shorten(repr(text))}"
