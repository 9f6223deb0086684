"""JSON lines: one object a line, each read by itself, so that a broken one costs only itself."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from klue_pipeline.relation.ingest.parsing.values import shorten

Record = Mapping[str, Any] | str
"""A row as its columns, or why it cannot be read, in words."""


def read_json_lines(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the object on each line that is not blank, or what is wrong with that line.

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
