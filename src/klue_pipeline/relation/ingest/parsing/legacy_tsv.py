"""The older contest's TSV: nine columns without a header, Korean labels, no entity types.

The columns are id, sentence, entity 1, its start and end, entity 2, its start and end, label;
both ends are inclusive. Entity 1 is the subject. The id begins with where the sentence comes from,
as in ``wikipedia-24896-25-30-33-19-21``.
"""

from collections.abc import Iterator, Sequence

from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawEntity,
    RawRow,
    shorten,
)
from klue_pipeline.text.csv_lines import first_line, read_lines, require_width
from klue_pipeline.text.records.cells import (
    read_number_or_name,
    read_text,
)
from klue_pipeline.text.records.raw_file import RawFile

N_COLUMNS = 9


def parse(raw: RawFile) -> Iterator[RawRow]:
    """Read the rows of the older contest's TSV.

    Raises:
        ValueError: A line has another number of fields than nine, or quotes do not match.
    """
    lines = read_lines(raw.lines(), "\t", raw.name)
    for row_number, line in enumerate(lines, start=1):
        yield _read_row(row_number, require_width(line, N_COLUMNS, raw.name))


def is_seen_in(raw: RawFile) -> bool:
    """Tell whether the first line has nine fields between tabs."""
    return len(first_line(raw.head(), "\t")) == N_COLUMNS


def _read_row(row_number: int, fields: Sequence[str]) -> RawRow:
    row_id = read_text(fields[0])
    return RawRow(
        row_number=row_number,
        row_id=row_id,
        sentence=fields[1],
        subject=_read_entity(fields[2:5]),
        object=_read_entity(fields[5:8]),
        label=read_number_or_name(fields[8]),
        source=row_id.split("-")[0] if row_id and "-" in row_id else None,
    )


def _read_entity(fields: Sequence[str]) -> RawEntity | str | None:
    if not all(field.strip() for field in fields):
        return None
    word, start, end = fields[0], *(read_number_or_name(field) for field in fields[1:])
    if isinstance(start, int) and isinstance(end, int):
        return RawEntity(word, start, end + 1, type=None)
    return (
        f"start and end are {shorten(repr(start))} and {shorten(repr(end))}, wanted whole numbers"
    )
