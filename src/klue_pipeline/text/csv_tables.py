r"""Tables as CSV: one way to write them, so that every reader finds the same rows and cells again.

A carriage return in a text stands in quotes, which :mod:`csv` alone forgets before Python 3.13;
readers would take it for the end of a row. Tables that people open are made safe for spreadsheets.
"""

import io
import re
from collections.abc import Callable
from typing import Any, TextIO, cast

import pandas as pd

_FORMULA = re.compile(r"'*(\s*[=+\-@]|[\t\r])")


def escape_cell(text: str) -> str:
    r"""Put an apostrophe before a text that a spreadsheet would take for a formula.

    These begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return, as OWASP lists them.
    One that has apostrophes before that gets one more, so that :func:`unescape_cell` gives every
    text back.

    >>> escape_cell("=1+1"), escape_cell("- 김하늘"), escape_cell("1+1은 2"), escape_cell("'=x")
    ("'=1+1", "'- 김하늘", '1+1은 2', "''=x")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_cell(text: str) -> str:
    """Take off what :func:`escape_cell` put before a text.

    >>> unescape_cell("'=1+1"), unescape_cell("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def write_csv(table: pd.DataFrame, file: TextIO, *, escape_formulas: bool, **options: Any) -> None:
    """Write a table to an open file, with line feeds between rows and without its index.

    Args:
        table: Its text columns and column names are written as they are but for formulas.
        file: Opened as text with ``newline=""``.
        escape_formulas: Whether cells are made safe for spreadsheets, see :func:`escape_cell`.
        options: As of ``DataFrame.to_csv``, such as ``float_format``.
    """
    written = _map_texts(table, escape_cell) if escape_formulas else table
    # csv quotes the characters of the line's end, so that it has to have both.
    options = {**options, "index": False, "lineterminator": "\r\n"}
    written.to_csv(cast("TextIO", _LineFeeds(file)), **options)


def encode_csv(
    table: pd.DataFrame, *, escape_formulas: bool, encoding: str = "utf-8", **options: Any
) -> bytes:
    """Return a table as the bytes of a file; arguments are those of :func:`write_csv`."""
    file = io.StringIO(newline="")
    write_csv(table, file, escape_formulas=escape_formulas, **options)
    return file.getvalue().encode(encoding)


def unescape_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read with its cells as they were before :func:`write_csv`."""
    return _map_texts(table, unescape_cell)


def _map_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    def changed(cell: Any) -> Any:
        return change(cell) if isinstance(cell, str) else cell

    result = table.rename(columns=changed)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column):
            result.isetitem(place, column.map(changed).array)
    return result


class _LineFeeds:
    """A file to which rows are written one by one, each with a carriage return and a line feed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        """Write a row with a line feed alone."""
        return self._file.write(row.removesuffix("\r\n") + "\n")
