"""Rows in JSON: a list, objects that follow one another, or one object a line."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from klue_pipeline.relation.ingest.parsing.raw_file import FormatError
from klue_pipeline.relation.ingest.parsing.raw_row import shorten

Record = Mapping[str, Any] | str
"""A row as its columns, or why it cannot be read, in words."""


def read_json_lines(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the object on each line that is not blank, or what is wrong with that line.

    Each line is read by itself, so that a broken one costs only itself.

    >>> list(read_json_lines(['{"text": "토지"}', "", "[1]", '{"text": ']))[:2]
    [{'text': '토지'}, 'line 3 is no JSON object: [1]']
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(number, line)


def _read_line(number: int, line: str) -> Record:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return f"line {number} is no JSON ({error}): {shorten(line.strip())}"
    if not isinstance(value, dict):
        return f"line {number} is no JSON object: {shorten(line.strip())}"
    return value


def read_json(text: str, name: str) -> Sequence[Any]:
    """Read a JSON list, or JSON objects that follow one another.

    Raises:
        FormatError: It is none.
        ValueError: It is not whole.
    """
    if not text.lstrip().startswith(("[", "{")):
        raise FormatError(f"{name} is no JSON: it begins with {shorten(text.lstrip())!r}.")
    try:
        return _read_list(text) if text.lstrip().startswith("[") else list(_read_objects(text))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name} is not whole JSON: {error.msg} at line {error.lineno}, column {error.colno} "
            f"(character {error.pos} of {len(text)}). Is the file cut off? Fetch it again."
        ) from error
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply to be a list of KLUE rows.") from error


def _read_list(text: str) -> Sequence[Any]:
    rows: Sequence[Any] = json.loads(text)
    return rows


def _read_objects(text: str) -> Iterator[Any]:
    """Yield JSON values that follow one another, as in JSON lines."""
    decoder = json.JSONDecoder()
    position = _skip_blanks(text, 0)
    while position < len(text):
        value, end = decoder.raw_decode(text, position)
        yield value
        position = _skip_blanks(text, end)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
