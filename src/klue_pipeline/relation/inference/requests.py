"""What a classifier is asked, by Python callers or by a server -> rows of the normalised table.

A request has the columns of a table of one's own, and is read as one. A row that cannot be used is
refused, with its place and the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from klue_pipeline.relation.ingest.parsing.raw_row import RawRow, shorten
from klue_pipeline.relation.ingest.parsing.table import ROLES, read_record
from klue_pipeline.relation.ingest.row_checks import (
    TEXT_CHECKS,
    RowRules,
    check_sentence_not_empty,
    find_problem,
)
from klue_pipeline.relation.ingest.sentence_table import build_sentences

SENTENCE = "sentence"
OPTIONAL_COLUMNS = tuple(
    f"{role}{part}" for role in ROLES for part in ("_start", "_end", "", "_type")
)
"""Of each entity: character offsets with an exclusive end, or its words; and its type. Any of them
may be missing in any row."""

_COLUMNS = {name: name for name in (SENTENCE, *OPTIONAL_COLUMNS)}
_TYPES = ("subject_type", "object_type")
# First of all, because no span is inside of an empty sentence.
_CHECKS = (
    TEXT_CHECKS[0],
    ("empty sentence", check_sentence_not_empty),
    *TEXT_CHECKS[1:],
)
_WANTED = (
    "Wanted: a sentence with two entities apart from each other, each given as (start, end) in "
    "characters, the end exclusive, or by its words."
)


def as_records(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Turn the arguments of a call, for one sentence or a list of them, into one record a sentence.

    Args:
        arguments: ``sentence``, ``subject``, ``object``, ``subject_type`` and ``object_type`` as
            the caller gave them; the types may be None.

    Raises:
        TypeError: Something is given once for a list of sentences, or is no list.
        ValueError: The lists differ in length.
    """
    if isinstance(arguments[SENTENCE], str):
        return [dict(arguments)]
    columns = {
        name: _as_list(name, value)
        for name, value in arguments.items()
        if value is not None or name not in _TYPES
    }
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        raise ValueError(f"Found lists of different lengths: {found}; give one for each sentence.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        wanted = "text or a list of texts" if name == SENTENCE else "a list, one per sentence"
        raise TypeError(f"{name} is {shorten(repr(values))}; wanted {wanted}.")
    return list(values)


def read_requests(records: Iterable[Mapping[str, Any]]) -> list[RawRow]:
    """Read requests and check them.

    Args:
        records: The columns of each request: ``sentence`` and :data:`OPTIONAL_COLUMNS`; in place of
            its words an entity may have ``(start, end)``.

    Raises:
        ValueError: A request cannot be used; the message says which and why.
    """
    rows = [
        replace(read_record(number + 1, record, _COLUMNS), row_id=str(number))
        for number, record in enumerate(records)
    ]
    for row in rows:
        if problem := find_problem(row, RowRules(), _CHECKS):
            which = "The sentence" if len(rows) == 1 else f"Sentence {row.row_id}, counted from 0,"
            raise ValueError(f"{which} cannot be classified: {problem.detail}. {_WANTED}")
    return rows


def table_requests(rows: Sequence[RawRow]) -> pd.DataFrame:
    """Write requests that were checked as the normalised table.

    Returns:
        A table of schema ``TestSentences`` but for its ``problem``; ``row_id`` counts from 0.

    >>> table_requests(read_requests([{"sentence": "이순신은 조선의 무신이다.", "subject_start": 0,
    ...                 "subject_end": 3, "object": "조선"}]))[["subject_text", "object_start"]]
      subject_text  object_start
    0          이순신             5
    """
    numbered = [replace(row, row_id=str(number)) for number, row in enumerate(rows)]
    return build_sentences(numbered, [None] * len(rows))
