"""CSV files that people made or edited: cells as text, and the line that each row begins at.

A quoted cell may span lines, so that rows and lines are counted apart: messages name the line, as
editors number them.
"""

import csv
import io
from dataclasses import dataclass

_WORKBOOK_STARTS = (b"PK", b"\xd0\xcf\x11\xe0")  # xlsx, and xls of before 2007


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
    reader = csv.reader(io.StringIO(_decode(content), newline=""), strict=True)
    rows, lines, begins = [], [], 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"line {begins}: the row that begins here is no CSV ({error}). Look for a quote that "
            "is not closed; a quote inside of a quoted cell is written twice."
        ) from error
    if not rows:
        raise ValueError("line 1: the file is empty, a header was wanted.")
    return CsvLines(rows[0], rows[1:], lines[1:])


def _decode(content: bytes) -> str:
    if content.startswith(_WORKBOOK_STARTS):
        raise ValueError("line 1: this is a workbook; save it as CSV UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8. Save the file as UTF-8; "
            "Excel calls that format CSV UTF-8."
        ) from error
