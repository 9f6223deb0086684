"""Lines of delimited text (CSV, TSV) with quoted fields, blank lines left out."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST_FIELD = 2**31 - 1  # the largest that a C long holds everywhere


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of one line and where it begins in the file, counted from 1.

    A field in quotes may hold newlines, so a line may span several lines of the file.
    """

    number: int
    fields: list[str]


def read_lines(text: str | Iterable[str], delimiter: str, name: str) -> Iterator[Line]:
    """Split delimited text; a quote inside a quoted field is doubled, as spreadsheets write it.

    Args:
        text: The whole file, with any kind of newline, or its lines with their newlines.
        delimiter: One character.
        name: The file's name, for messages.

    Raises:
        ValueError: A quote is not closed, or text follows a closing quote.

    >>> [line.fields for line in read_lines('0,"그는 ""예"", 했다"', ",", "train.csv")]
    [['0', '그는 "예", 했다']]
    """
    csv.field_size_limit(_LONGEST_FIELD)  # process-wide; the default of 131,072 stops on long text
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    try:
        for fields in reader:
            if fields:
                yield Line(number, fields)
            number = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"{name}, in the row that begins on line {number}: {error}. A field with quotes, "
            "delimiters or newlines must stand in quotes, with the quotes inside it doubled."
        ) from error


def require_same_width(line: Line, n_fields: int, name: str) -> None:
    """Refuse a line with more or fewer fields than the file has columns.

    Raises:
        ValueError: Naming the line, what was found and what was wanted.
    """
    if len(line.fields) != n_fields:
        raise ValueError(
            f"{name}, line {line.number}: found {len(line.fields)} fields, wanted {n_fields}. The "
            "line is cut off, or a field with a delimiter in it is not in quotes."
        )


def first_line(text: str, delimiter: str) -> list[str]:
    """Return the fields of the first line that is not blank; none where it cannot be split."""
    try:
        line = next(read_lines(text, delimiter, ""), None)
    except ValueError:
        return []
    return line.fields if line else []
