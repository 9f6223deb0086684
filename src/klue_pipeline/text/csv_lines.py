"""Delimited text (CSV, TSV) that people made: fields as text, and the line each row begins at.

A quoted field may span lines, so that rows and lines are counted apart: messages name the line, as
editors number them.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from klue_pipeline.text.file_kinds import describe_kind
from klue_pipeline.text.lookalikes import hint_at_lookalikes
from klue_pipeline.text.shortened import list_shortly

_LONGEST_FIELD = 2**31 - 1  # the largest that a C long holds everywhere
_NO_NAME_OF_A_COLUMN = re.compile(r"[-+]?[0-9.,]+|.*[{}].*|(\S+\s+){4,}\S+.*", re.DOTALL)
_KOREAN_CODE_PAGE = "cp949"


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of one row and the line that it begins at, counted from 1."""

    number: int
    fields: list[str]


class BrokenRowError(ValueError):
    """A row that is no CSV.

    Args:
        message: What is wrong, with the file and the line.
        number: The line that the row begins at, counted from 1.
        reason: What is wrong, without them.
    """

    def __init__(self, message: str, number: int, reason: str) -> None:
        super().__init__(message)
        self.number, self.reason = number, reason


@dataclass(frozen=True)
class CsvLines:
    """The cells of a CSV file.

    Attributes:
        header: The cells of the first row.
        rows: Those of the others, without rows that are empty; each may have more or fewer cells
            than the header.
        lines: The line that each of ``rows`` begins at, counted from 1.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def split_csv(content: bytes) -> CsvLines:
    r"""Read the bytes of a CSV file.

    Args:
        content: UTF-8, with or without a byte order mark; any line ends.

    Raises:
        ValueError: It is no UTF-8, holds a quote that is not closed or has something behind it, or
            nothing at all; naming the line.

    >>> split_csv(b'id,note\r\n1,"two\r\nlines"\r\n2,none\r\n').lines
    [2, 4]
    """
    lines = list(read_lines(decode(content)))
    if not lines:
        raise ValueError("line 1: the file is empty, a header was wanted.")
    header, *rest = lines
    return CsvLines(header.fields, [row.fields for row in rest], [row.number for row in rest])


def decode(content: bytes) -> str:
    """Return the text of a file in UTF-8, without a byte order mark.

    Raises:
        ValueError: It is a file of another kind or no UTF-8; naming the line, and what to do.
    """
    if kind := describe_kind(content):
        raise ValueError(f"line 1: this is {kind}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8. {_conversion(content)}"
        ) from error


def _conversion(content: bytes) -> str:
    try:
        content.decode(_KOREAN_CODE_PAGE)
    except UnicodeDecodeError:
        return "Save it as UTF-8, which Excel calls CSV UTF-8, or fetch it again."
    return (
        'It reads as CP949; save it as "CSV UTF-8", or convert it: '
        "iconv -f CP949 -t UTF-8 <file> > <new file>"
    )


def read_lines(
    text: str | Iterable[str], delimiter: str = ",", name: str | None = None, first_number: int = 1
) -> Iterator[Line]:
    """Split delimited text, blank lines left out; a quote in a quoted field is doubled.

    Args:
        text: The whole file, with any kind of newline, or its lines with their newlines.
        delimiter: One character.
        name: The file's name, for messages.
        first_number: The number of the first line.

    Raises:
        BrokenRowError: A quote is not closed, or text follows a closing quote.

    >>> [line.fields for line in read_lines('0,"그는 ""예"", 했다"')]
    [['0', '그는 "예", 했다']]
    """
    csv.field_size_limit(_LONGEST_FIELD)  # process-wide; the default of 131,072 stops on long text
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = first_number
    try:
        for fields in reader:
            if fields:
                yield Line(number, fields)
            number = first_number + reader.line_num
    except csv.Error as error:
        reason = (
            f"the row that begins here is no CSV ({error}). Look for a quote that is not closed; a "
            "field with quotes, delimiters or newlines stands in quotes, and a quote inside of it "
            "is written twice."
        )
        file = f"{name}, " if name else ""
        raise BrokenRowError(f"{file}line {number}: {reason}", number, reason) from error


def read_table(
    lines: Iterator[Line], wanted: Collection[str], name: str
) -> Iterator[dict[str, str]]:
    """Read the rows below a header, each as its fields by column.

    Args:
        lines: The rows; the first one is the header.
        wanted: Columns that there must be.
        name: The file's name, for messages.

    Raises:
        ValueError: A column is missing or named twice, or a row has another number of fields.
    """
    header = next(lines, None)
    columns = [column.strip() for column in header.fields] if header else []
    require_columns(columns, wanted, name)
    for line in lines:
        yield dict(zip(columns, require_width(line, len(columns), name), strict=True))


def require_width(line: Line, n_fields: int, name: str) -> Sequence[str]:
    """Return the fields of a line; one with other fields than the file has columns is refused.

    Raises:
        ValueError: Naming the line, what was found and what was wanted.
    """
    fields = without_surplus(line.fields, n_fields)
    if len(fields) != n_fields:
        raise ValueError(
            f"{name}, line {line.number}: found {len(fields)} fields, wanted {n_fields}. The "
            "line is cut off, or a field with a delimiter in it is not in quotes."
        )
    return fields


def without_surplus(fields: Sequence[str], n_fields: int) -> Sequence[str]:
    """Leave out empty fields behind the last column, as a delimiter too many at a line's end makes.

    >>> without_surplus(["3", "drop", "", ""], 3), without_surplus(["3", "drop", "", "x"], 3)
    (['3', 'drop', ''], ['3', 'drop', '', 'x'])
    """
    return fields if any(field.strip() for field in fields[n_fields:]) else fields[:n_fields]


def require_columns(found: Collection[str], wanted: Collection[str], name: str) -> None:
    """Refuse a file that lacks a column or names one twice.

    Raises:
        ValueError: Naming the file, the missing columns, and all that were found and wanted.
    """
    missing = [column for column in wanted if column not in found]
    if missing:
        raise ValueError(
            f"{name} lacks {', '.join(missing)}: found {list_shortly(found)}; "
            f"wanted {', '.join(wanted)}.{hint_at_header(found, missing)}"
        )
    require_unlike([column for column in found if column.strip()], name)


def hint_at_header(found: Collection[str], missing: Collection[str] = ()) -> str:
    """Return what to do where a first row names no columns, or in another spelling.

    Args:
        found: What stands in the first row.
        missing: Names that were wanted and are not there.

    >>> hint_at_header(["7", "한빛은 누리를 샀다.", "인수"])
    ' The first line looks like a row; put a line with the names of the columns above it.'
    >>> hint_at_header(["row id", "label"])
    ''
    """
    if any(_NO_NAME_OF_A_COLUMN.fullmatch(name.strip()) for name in found):
        return (
            " The first line looks like a row; put a line with the names of the columns above it."
        )
    return hint_at_lookalikes(missing, found)


def require_unlike(columns: Collection[str], name: str) -> None:
    """Refuse a file that names a column twice.

    Raises:
        ValueError: Naming the file and the columns.
    """
    twice = sorted({column for column in columns if column and list(columns).count(column) > 1})
    if twice:
        raise ValueError(
            f"{name} has more than one column {list_shortly(twice)}; rename all but one."
            f"{hint_at_header(columns)}"
        )


def first_line(text: str, delimiter: str) -> list[str]:
    """Return the stripped fields of the first row; none where it cannot be split."""
    try:
        line = next(read_lines(text, delimiter), None)
    except ValueError:
        return []
    return [field.strip() for field in line.fields] if line else []
