"""A table of one's own: CSV, TSV, JSON lines or Parquet, with columns that the settings name.

What there must be is a sentence and, for each entity, its words or its character offsets. Words
alone are looked up in the sentence. Types, labels, ids, sources and folds are read where they are
there. A row that cannot be read becomes a row with a problem; the rest of the file goes on.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from klue_pipeline.relation.ingest.parsing.delimited import Line, first_line, read_lines
from klue_pipeline.relation.ingest.parsing.entity_glance import EntityGlance
from klue_pipeline.relation.ingest.parsing.entity_words import locate_words
from klue_pipeline.relation.ingest.parsing.json_lines import Record, read_json_lines
from klue_pipeline.relation.ingest.parsing.klue import read_json
from klue_pipeline.relation.ingest.parsing.raw_file import RawFile
from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.ingest.parsing.values import (
    read_name,
    read_number_or_name,
    read_text,
    shorten,
)
from klue_pipeline.relation.settings.params import IngestParams, TableColumns

logger = logging.getLogger(__name__)

_DELIMITERS = (",", "\t", ";")
_ROLES = ("subject", "object")
_LOOKED_AT = 100
"""Records whose keys are looked at to learn which columns there are: JSON leaves empty ones out."""


UNLABELLED: Mapping[str, None] = {"label": None, "fold": None}
"""The columns that only training rows need."""

_STANDARD_COLUMNS = TableColumns()


@dataclass(frozen=True)
class TableLayout:
    """How a table of one's own states its rows.

    Attributes:
        columns: Which column holds what.
        ends_are_inclusive: Whether an entity's end is its last character, and not one past it.
        setting: The group of settings that says so; messages name it.
    """

    columns: TableColumns = _STANDARD_COLUMNS
    ends_are_inclusive: bool = False
    setting: str = "ingest"

    @property
    def unlabelled(self) -> "TableLayout":
        """The same for rows whose labels and folds nobody reads, so that they may lack them."""
        return replace(self, columns=self.columns.model_copy(update=UNLABELLED))


def layout_of(ingest: IngestParams) -> TableLayout | None:
    """Return how tables of one's own are laid out, or None if files are in another format."""
    if ingest.format != "table":
        return None
    return TableLayout(ingest.columns, ends_are_inclusive=ingest.ends == "inclusive")


def parse(raw: RawFile, layout: TableLayout) -> Iterator[RawRow]:
    """Read the rows of a table, one by one.

    Raises:
        ValueError: A column that the settings name is missing, or an entity has none; or quotes do
            not match in delimited text.
    """
    records = _read_records(raw, layout.columns)
    first = list(islice(records, _LOOKED_AT))
    found = list(dict.fromkeys(key for row in first if isinstance(row, Mapping) for key in row))
    if first and not found:
        raise ValueError(f"{raw.name} has no row that can be read: {first[0]}")
    columns = resolve_columns(found, layout, raw.name) if first else {}
    _log_columns(raw.name, found, columns)
    glance = EntityGlance(raw.name, layout.setting)
    for row_number, record in enumerate(chain(first, records), start=1):
        row = _read_row(row_number, record, columns, ends_are_inclusive=layout.ends_are_inclusive)
        glance.look_at(row)
        yield row
    glance.warn()


def resolve_columns(found: Collection[str], layout: TableLayout, name: str) -> dict[str, str]:
    """Return the column that holds each field, of the fields that the file has.

    A field that the settings do not name is read from a column of its own name, if there is one.

    Args:
        found: The file's columns.
        layout: What the settings say.
        name: The file's name, for messages.

    Raises:
        ValueError: A named column is missing, the sentence has none, or an entity has neither a
            column of words nor two of offsets.

    >>> layout = TableLayout(TableColumns(sentence="text", subject="from", object="to"))
    >>> resolve_columns(["text", "from", "to", "label", "author"], layout, "mine.csv")
    {'sentence': 'text', 'subject': 'from', 'object': 'to', 'label': 'label'}
    """
    named = {field: column for field, column in layout.columns if column is not None}
    columns = {field: column for field, column in named.items() if _is_in(column, found)}
    missing = [field for field, own in named.items() if field not in columns and own != field]
    missing += [] if "sentence" in {*columns, *missing} else ["sentence"]
    if missing:
        wanted = ", ".join(f"{field}: {named[field]}" for field in missing)
        raise ValueError(
            f"{name} lacks the columns {wanted}; it has {', '.join(found)}. Say which of them "
            f"holds what, such as {layout.setting}.columns.{missing[0]}=<column>."
        )
    for role in _ROLES:
        if role not in columns and not {f"{role}_start", f"{role}_end"} <= columns.keys():
            raise ValueError(
                f"{name} does not say where the {role} is; its columns are {', '.join(found)}. "
                f"Name the column of its words ({layout.setting}.columns.{role}), or those of its "
                f"offsets ({layout.setting}.columns.{role}_start and …{role}_end)."
            )
    return columns


def _is_in(column: str, found: Collection[str]) -> bool:
    return column in found or column.partition(".")[0] in found


def _log_columns(name: str, found: Sequence[str], columns: Mapping[str, str]) -> None:
    if not columns:  # a file without rows
        return
    taken = {column.partition(".")[0] for column in columns.values()} | set(columns.values())
    left = [column for column in found if column not in taken]
    logger.info(
        "%s: %s%s",
        name,
        ", ".join(f"{field} is {column}" for field, column in columns.items()),
        f"; not read: {', '.join(left)}" if left else "",
    )


def _read_records(raw: RawFile, wanted: TableColumns) -> Iterator[Record]:
    head = raw.head().lstrip()
    if raw.records is not None:
        return iter(raw.records)
    if head.startswith("["):
        return _objects_only(read_json(raw.require_text(), raw.name))
    if head.startswith("{"):
        return read_json_lines(raw.lines())
    return _read_delimited(raw, _choose_delimiter(raw.head(), wanted))


def _objects_only(values: Iterable[Any]) -> Iterator[Record]:
    for value in values:
        yield value if isinstance(value, dict) else f"no JSON object: {shorten(repr(value))}"


def _choose_delimiter(head: str, wanted: TableColumns) -> str:
    """Return the delimiter under which the header names the sentence, else the commonest."""
    headers = {each: _names(first_line(head, each)) for each in _DELIMITERS}
    fitting = [each for each, names in headers.items() if wanted.sentence in names]
    return fitting[0] if fitting else max(headers, key=lambda each: len(headers[each]))


def _names(fields: Iterable[str]) -> list[str]:
    return [field.strip() for field in fields]


def _read_delimited(raw: RawFile, delimiter: str) -> Iterator[Record]:
    lines = read_lines(raw.lines(), delimiter, raw.name)
    header = next(lines, None)
    names = _names(header.fields) if header else []
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{raw.name} has more than one column {', '.join(twice)}; rename all but one."
        )
    for line in lines:
        yield _fields_by_name(line, names)


def _fields_by_name(line: Line, names: Sequence[str]) -> Record:
    if len(line.fields) == len(names):
        return dict(zip(names, line.fields, strict=True))
    return f"line {line.number} has {len(line.fields)} fields, the header {len(names)}"


def _read_row(
    row_number: int, record: Record, columns: Mapping[str, str], *, ends_are_inclusive: bool
) -> RawRow:
    made_id = f"row_{row_number}"
    if isinstance(record, str):
        return RawRow(row_number, made_id, None, None, None, None, problem=record)
    values = {field: _value(record, column) for field, column in columns.items()}
    sentence = None if values["sentence"] is None else str(values["sentence"])
    subject, object_ = (_read_entity(values, role, sentence, ends_are_inclusive) for role in _ROLES)
    return RawRow(
        row_number=row_number,
        row_id=read_name(values["id"]) if "id" in columns else made_id,
        sentence=sentence,
        subject=subject,
        object=object_,
        label=read_name(values.get("label")),  # a number is a name here, too
        source=read_text(values.get("source")),
        given_fold=read_number_or_name(values.get("fold")),
    )


def _value(record: Mapping[str, Any], column: str) -> Any:
    """Return what a column holds; ``subject.start`` reaches into an object inside an object."""
    if column in record:
        value = record[column]
    else:
        outer, _, inner = column.partition(".")
        nested = record.get(outer)
        value = _value(nested, inner) if inner and isinstance(nested, Mapping) else None
    return None if value != value else value  # noqa: PLR0124 - NaN, a gap in a column of numbers


def _read_entity(
    values: Mapping[str, Any],
    role: str,
    sentence: str | None,
    ends_are_inclusive: bool,
) -> RawEntity | str | None:
    word, entity_type = read_text(values.get(role)), read_text(values.get(f"{role}_type"))
    start, end = (read_number_or_name(values.get(f"{role}_{part}")) for part in ("start", "end"))
    if start is None and end is None:
        return _look_up(word, sentence, entity_type)
    if not isinstance(start, int) or not isinstance(end, int):
        return f"start and end are {start!r} and {end!r}, wanted whole numbers"
    return _cut_out(sentence or "", word, (start, end + ends_are_inclusive), entity_type)


def _look_up(
    word: str | None, sentence: str | None, entity_type: str | None
) -> RawEntity | str | None:
    if word is None or not sentence:
        return None
    place = locate_words(sentence, word)
    return place if isinstance(place, str) else RawEntity(word, *place, type=entity_type)


def _cut_out(
    sentence: str, word: str | None, span: tuple[int, int], entity_type: str | None
) -> RawEntity | str:
    start, end = span
    if not 0 <= start < end <= len(sentence):
        return (
            f"characters {start} to {end} (exclusive) are no part of a sentence of {len(sentence)}"
        )
    found = sentence[start:end]
    if word is None:
        return RawEntity(found, start, end, entity_type)
    if found != word and (slip := _guess_slip(sentence, word, start)):
        return f"wanted {shorten(repr(word))}, found {shorten(repr(found))}: {slip}"
    return RawEntity(word, start, end, entity_type)


def _guess_slip(sentence: str, word: str, start: int) -> str | None:
    """Say what offsets that miss their word by one look like; None where they look like nothing."""
    if sentence.startswith(word, start):
        return "it begins there and ends elsewhere; are the ends the other kind (ends)?"
    if start > 0 and sentence.startswith(word, start - 1):
        return "it begins one character before; are the offsets counted from 1? They count from 0"
    return None
