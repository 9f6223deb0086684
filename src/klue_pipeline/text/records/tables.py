"""The rows of a table as records, whether it is CSV, TSV, JSON or records already."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from klue_pipeline.text.csv_lines import (
    Line,
    first_line,
    read_lines,
    require_unlike,
    without_surplus,
)
from klue_pipeline.text.records.json_records import Record, read_json, read_json_lines
from klue_pipeline.text.records.raw_file import RawFile

ABSENT: Any = object()
"""What :func:`find_value` returns where there is no such column."""

_DELIMITERS = (",", "\t", ";")


def read_records(raw: RawFile, wanted_column: str) -> Iterator[Record]:
    """Read rows one by one; a row that cannot be read is a sentence that says why.

    Args:
        raw: Records, a JSON list, JSON lines, or delimited text with a header.
        wanted_column: A column that there should be: under the right delimiter the header has it.

    Raises:
        ValueError: The JSON is not whole, a column is named twice, or quotes do not match.
    """
    head = raw.head().lstrip()
    if raw.records is not None:
        return iter(raw.records)
    if head.startswith("["):
        return iter(read_json(raw.require_text(), raw.name))
    if head.startswith("{"):
        return read_json_lines(raw.lines())
    return _read_delimited(raw, _choose_delimiter(raw.head(), wanted_column))


def _choose_delimiter(head: str, wanted_column: str) -> str:
    """Return the delimiter under which the header has the column, else the commonest."""
    headers = {each: first_line(head, each) for each in _DELIMITERS}
    fitting = [each for each, names in headers.items() if wanted_column in names]
    return fitting[0] if fitting else max(headers, key=lambda each: len(headers[each]))


def _read_delimited(raw: RawFile, delimiter: str) -> Iterator[Record]:
    lines = read_lines(raw.lines(), delimiter, raw.name)
    header = next(lines, None)
    names = [field.strip() for field in header.fields] if header else []
    require_unlike(names, raw.name)
    for line in lines:
        yield _fields_by_name(line, names)


def _fields_by_name(line: Line, names: Sequence[str]) -> Record:
    fields = without_surplus(line.fields, len(names))
    if len(fields) == len(names):
        return dict(zip(names, fields, strict=True))
    return f"line {line.number} has {len(fields)} fields, the header {len(names)}"


def find_value(record: Any, path: str) -> Any:
    """Return what a column holds, or :data:`ABSENT` where it is not there.

    ``subject.start`` reaches into an object inside an object, ``h.pos.0`` into a list.

    >>> find_value({"h": {"pos": [3, 7]}}, "h.pos.1"), find_value({"h.pos": 1}, "h.pos")
    (7, 1)
    """
    if isinstance(record, Mapping) and path in record:
        return record[path]
    step, _, rest = path.partition(".")
    inner: Any = ABSENT
    if isinstance(record, Mapping):
        inner = record.get(step, ABSENT)
    elif isinstance(record, list) and step.isdecimal() and int(step) < len(record):
        inner = record[int(step)]
    return find_value(inner, rest) if rest and inner is not ABSENT else inner
