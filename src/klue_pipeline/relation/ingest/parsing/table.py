"""A table of one's own: CSV, TSV, JSON lines or Parquet, with columns that the settings name.

What there must be is a sentence and, for each entity, its words or its character offsets. Words
alone are looked up in the sentence. Types, labels, ids, sources and folds are read where they are
there. A row that cannot be read becomes a row with a problem; the rest of the file goes on.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from klue_pipeline.relation.ingest.parsing.entity_glance import EntityGlance
from klue_pipeline.relation.ingest.parsing.entity_places import read_placed_entity
from klue_pipeline.relation.ingest.parsing.layout import TableLayout
from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawRow,
    shorten,
)
from klue_pipeline.relation.ingest.parsing.token_lists import JoinedTokens, read_tokens
from klue_pipeline.text.csv_lines import hint_at_header
from klue_pipeline.text.records.cells import (
    describe_misfit,
    find_misfits,
    is_gap,
    read_name,
    read_number_or_name,
    read_text,
)
from klue_pipeline.text.records.json_records import Record
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.records.tables import ABSENT, find_value, read_records
from klue_pipeline.text.shortened import list_shortly

logger = logging.getLogger(__name__)

ROLES = ("subject", "object")
_AS_SET = TableLayout()
_PLAIN_FIELDS = ("id", "label", "source", "fold")
_LOOKED_AT = 100
"""Records whose keys are looked at to learn which columns there are: JSON leaves empty ones out."""


def parse(raw: RawFile, layout: TableLayout) -> Iterator[RawRow]:
    """Read the rows of a table, one by one.

    Raises:
        ValueError: A column that the settings name is missing, or an entity has none; or quotes do
            not match in delimited text.
    """
    records = read_records(raw, layout.columns.sentence)
    first = list(islice(records, _LOOKED_AT))
    found = list(dict.fromkeys(key for row in first if isinstance(row, Mapping) for key in row))
    if first and not found:
        raise ValueError(f"{raw.name} has no row that can be read: {first[0]}")
    columns = resolve_columns(found, layout, raw.name, first) if first else {}
    _log_columns(raw.name, found, columns)
    glance = EntityGlance(raw.name, layout.setting)
    for row_number, record in enumerate(chain(first, records), start=1):
        row = read_record(row_number, record, columns, layout)
        glance.look_at(row)
        yield row
    glance.warn()


def resolve_columns(
    found: Collection[str], layout: TableLayout, name: str, records: Sequence[Record] = ()
) -> dict[str, str]:
    """Return the column that holds each field, of the fields that the file has.

    A field that the settings do not name is read from a column of its own name, if there is one.

    Args:
        found: The file's columns.
        layout: What the settings say.
        name: The file's name, for messages.
        records: Rows in which to look for columns inside of columns, such as ``h.pos``.

    Raises:
        ValueError: A named column is missing, the sentence has none, or an entity has neither a
            column of words nor two of offsets.

    >>> from klue_pipeline.relation.settings.params import TableColumns
    >>> layout = TableLayout(TableColumns(sentence="text", subject="from", object="to"))
    >>> resolve_columns(["text", "from", "to", "label", "author"], layout, "mine.csv")
    {'sentence': 'text', 'subject': 'from', 'object': 'to', 'label': 'label'}
    """
    named = {field: column for field, column in layout.columns if column is not None}
    columns = {
        field: column
        for field, column in named.items()
        if column in found or any(find_value(row, column) is not ABSENT for row in records)
    }
    missing = [field for field in named if field not in columns and named[field] != field]
    missing += [] if "sentence" in {*columns, *missing} else ["sentence"]
    if missing:
        wanted = ", ".join(f"{field}: {named[field]}" for field in missing)
        names = [named[field] for field in missing]
        raise ValueError(
            f"{name} lacks the columns {wanted}; it has {list_shortly(found)}."
            f"{hint_at_header(found, names)}{_look_inside(names, records)} Say which of them holds "
            f"what, such as {layout.setting}.columns.{missing[0]}=<column>."
        )
    for role in ROLES:
        if role not in columns and not {f"{role}_start", f"{role}_end"} <= columns.keys():
            raise ValueError(
                f"{name} does not say where the {role} is; its columns are {list_shortly(found)}. "
                f"Name the column of its words ({layout.setting}.columns.{role}), or those of its "
                f"offsets ({layout.setting}.columns.{role}_start and …{role}_end)."
            )
    return columns


def _look_inside(columns: Sequence[str], records: Sequence[Record]) -> str:
    """Say what stands in a column where another one inside of it was wanted."""
    for column in columns:
        outer = column.partition(".")[0]
        for number, record in enumerate(records, start=1):
            value = find_value(record, outer)
            if outer != column and value is not ABSENT:
                shown = shorten(repr(value))
                return f" None of the first rows has {column}: {outer} is {shown} in row {number}."
    return ""


def _log_columns(name: str, found: Sequence[str], columns: Mapping[str, str]) -> None:
    if not columns:  # a file without rows
        return
    taken = {column.partition(".")[0] for column in columns.values()} | set(columns.values())
    left = [column for column in found if column not in taken]
    logger.info(
        "%s: %s%s",
        name,
        ", ".join(f"{field} is {column}" for field, column in columns.items()),
        f"; not read: {list_shortly(left)}" if left else "",
    )


def read_record(
    row_number: int, record: Record, columns: Mapping[str, str], layout: TableLayout = _AS_SET
) -> RawRow:
    """Read one row, of a table or of a request.

    Args:
        row_number: Its place, counted from 1.
        record: Its columns, or why it cannot be read.
        columns: The column of each field, as :func:`find_value` finds it; ``sentence`` among them.
        layout: What an end is, and whether words that stand there twice mean the first place.

    Returns:
        The row; one that cannot be read has a ``problem``.
    """
    made_id = f"row_{row_number}"
    if isinstance(record, str):
        return RawRow.unreadable(row_number, made_id, record)
    values = {field: _value(record, column) for field, column in columns.items()}
    tokens = read_tokens(values["sentence"])
    sentence = tokens.text if isinstance(tokens, JoinedTokens) else values["sentence"]
    if not isinstance(sentence, str | None) or isinstance(tokens, Sequence):
        problem = describe_misfit("sentence", sentence)
        return RawRow.unreadable(row_number, made_id, problem)
    subject, object_ = (
        read_placed_entity(values, role, sentence or "", layout, tokens) for role in ROLES
    )
    return RawRow(
        row_number=row_number,
        row_id=read_name(values["id"]) if "id" in columns else made_id,
        sentence=sentence,
        subject=subject,
        object=object_,
        label=read_name(values.get("label")),  # a number is a name here, too
        source=read_text(values.get("source")),
        given_fold=read_number_or_name(values.get("fold")),
        misfits=find_misfits({name: values.get(name) for name in _PLAIN_FIELDS}),
    )


def _value(record: Mapping[str, Any], column: str) -> Any:
    value = find_value(record, column)
    return None if value is ABSENT or is_gap(value) else value
