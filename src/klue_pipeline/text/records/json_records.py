"""Rows in JSON: a list, objects that follow one another, or one object a line."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from klue_pipeline.text.records.raw_file import FormatError
from klue_pipeline.text.shortened import shorten

_MOST_DIGITS = 18
_GLANCE = 200
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_BLANKS = re.compile(r"\s*")

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
        value = DECODER.decode(line.strip())
    except json.JSONDecodeError as error:
        return f"line {number} is no JSON ({error}): {shorten(line.strip())}"
    except RecursionError:
        return f"line {number} is nested too deeply: {shorten(line.strip())}"
    if not isinstance(value, dict):
        return f"line {number} is no JSON object: {shorten(line.strip())}"
    return value


def read_json(text: str, name: str) -> list[Record]:
    """Read a JSON list, or JSON objects that follow one another.

    A value that is no object, or one that is nested too deeply, costs its own row only.

    Raises:
        FormatError: It is none.
        ValueError: It is not whole.

    >>> read_json('[{"text": "토지"}, 7]', "rows.json")
    [{'text': '토지'}, 'no JSON object: 7']
    """
    begin = _skip_blanks(text, 0)
    if not text.startswith(("[", "{"), begin):
        raise FormatError(f"{name} is no JSON: it begins with {shorten(text[begin:])!r}.")
    try:
        values = _read_list(text, begin) if text[begin] == "[" else _read_objects(text, begin)
        return [_require_object(value) for value in values]
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name} is not whole JSON: {error.msg} at line {error.lineno}, column {error.colno} "
            f"(character {error.pos} of {len(text)}). Is the file cut off? Fetch it again."
        ) from error


def _require_object(value: Any) -> Record:
    if isinstance(value, _TooDeep):
        return f"nested too deeply: {value.beginning}"
    return value if isinstance(value, dict) else f"no JSON object: {shorten(repr(value))}"


def _read_list(text: str, begin: int) -> Iterator[Any]:
    """Yield the values of a list, one by one."""
    position, separator = _skip_blanks(text, begin + 1), "["
    while not (separator == "[" and text.startswith("]", position)):
        value, end = _decode(text, position)
        yield value
        position = _skip_blanks(text, end)
        separator = text[position : position + 1]
        if separator == "]":
            break
        if separator != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
        position = _skip_blanks(text, position + 1)
    if (end := _skip_blanks(text, position + 1)) < len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _read_objects(text: str, position: int) -> Iterator[Any]:
    """Yield JSON values that follow one another, as in JSON lines."""
    while position < len(text):
        value, end = _decode(text, position)
        yield value
        position = _skip_blanks(text, end)


def _decode(text: str, position: int) -> tuple[Any, int]:
    """Return the value at a place, and where it ends."""
    try:
        return DECODER.raw_decode(text, position)
    except RecursionError:
        return _TooDeep(shorten(text[position : position + _GLANCE])), _skip_value(text, position)


@dataclass(frozen=True)
class _TooDeep:
    """Stands for a value with more brackets in each other than a program can follow."""

    beginning: str


def _skip_value(text: str, position: int) -> int:
    """Return where the list or object ends that begins at a place."""
    depth = 0
    for token in _TOKENS.finditer(text, position):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if not depth:
            return token.end()
    raise json.JSONDecodeError("Expecting a closing bracket", text, len(text))


def _read_int(digits: str) -> int | str:
    """Return a number; one longer than any place or label is text, for its row to be refused."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


DECODER = json.JSONDecoder(parse_int=_read_int)
"""Reads JSON whose numbers may be longer than Python turns into one."""


def _skip_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position
