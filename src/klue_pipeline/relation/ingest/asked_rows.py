"""Sentences and entities as a Python caller gives them -> rows of the normalised table.

Says what is wrong with them and where. What makes a row usable at all is asked of ``row_checks``.
"""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import pandas as pd

from klue_pipeline.relation.ingest.parsing.entity_words import locate_words
from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.ingest.parsing.values import shorten
from klue_pipeline.relation.ingest.row_checks import (
    TEXT_CHECKS,
    RowRules,
    check_sentence_not_empty,
    find_problem,
)
from klue_pipeline.relation.ingest.sentence_table import build_sentences

Span = tuple[int, int]
"""Start and exclusive end, in characters."""
Place = Span | str
"""Where an entity stands: its span, or its words if they occur once in the sentence."""

_OPTIONAL = ("subject_type", "object_type")
# First of all, because no span is inside of an empty sentence.
_CHECKS = (("empty sentence", check_sentence_not_empty), *TEXT_CHECKS)
_WANTED = (
    "Wanted: a sentence with two entities apart from each other, each given as (start, end) in "
    "characters, the end exclusive, or by its words."
)


def as_columns(given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Turn a question about one sentence or about a list of them into lists of the same length.

    Args:
        given: ``sentence``, ``subject``, ``object``, ``subject_type`` and ``object_type`` as the
            caller gave them; the types may be None.

    Raises:
        TypeError: Something is given once for a list of sentences, or is no list.
        ValueError: The lists differ in length.
    """
    if isinstance(given["sentence"], str):
        return {name: [value] for name, value in given.items()}
    columns = {
        name: _as_list(name, value)
        for name, value in given.items()
        if value is not None or name not in _OPTIONAL
    }
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        raise ValueError(f"Found lists of different lengths: {found}; give one for each sentence.")
    rows = lengths["sentence"]
    return {name: columns.get(name, [None] * rows) for name in given}


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        wanted = "text or a list of texts" if name == "sentence" else "a list, one per sentence"
        raise TypeError(f"{name} is {shorten(repr(values))}; wanted {wanted}.")
    return list(values)


def build_asked_sentences(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Write rows as the normalised table.

    Args:
        columns: By :func:`as_columns`.

    Returns:
        A table of schema ``TestSentences`` but for its ``problem``; ``row_id`` counts from 0.

    Raises:
        TypeError: A sentence or a type is no text.
        ValueError: A row cannot be used; the message says which and why.
    """
    names = ("sentence", "subject", "object", "subject_type", "object_type")
    lines = zip(*(columns[name] for name in names), strict=True)
    rows = [_read_row(number, *line) for number, line in enumerate(lines)]
    for row in rows:
        if problem := find_problem(row, RowRules(), _CHECKS):
            which = "The sentence" if len(rows) == 1 else f"Sentence {row.row_id}, counted from 0,"
            raise ValueError(f"{which} cannot be classified: {problem.detail}. {_WANTED}")
    return build_sentences(rows, [None] * len(rows))


def _read_row(number: int, sentence: Any, subject: Any, object_: Any, *types: Any) -> RawRow:
    if not isinstance(sentence, str):
        raise TypeError(f"sentence {number} is {shorten(repr(sentence))}; wanted text.")
    subject_type, object_type = (
        _read_type(name, number, value)
        for name, value in zip(("subject_type", "object_type"), types, strict=True)
    )
    return RawRow(
        row_number=number + 1,
        row_id=str(number),
        sentence=sentence,
        subject=_read_entity(sentence, subject, subject_type),
        object=_read_entity(sentence, object_, object_type),
        label=None,
    )


def _read_type(name: str, number: int, value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    raise TypeError(f"{name} {number} is {shorten(repr(value))}; wanted text such as PER, or None.")


def _read_entity(sentence: str, place: Any, entity_type: str | None) -> RawEntity | str | None:
    """Return the entity, what is wrong with its place in words, or None where there is none."""
    if place is None:
        return None
    found = locate_words(sentence, place) if isinstance(place, str) else _read_span(sentence, place)
    if isinstance(found, str):
        return found
    start, end = found
    return RawEntity(sentence[start:end], start, end, entity_type)


def _read_span(sentence: str, place: Any) -> Span | str:
    match tuple(place) if isinstance(place, Iterable) else ():
        case (start, end) if _is_whole_number(start) and _is_whole_number(end):
            span = int(start), int(end)
        case _:
            return f"{shorten(repr(place))} is neither two whole numbers nor text"
    if not all(0 <= border <= len(sentence) for border in span):
        return f"{span} is outside of the sentence, which has {len(sentence)} characters"
    if span[0] >= span[1]:
        return f"{span} holds no character; the end comes after the start"
    return span


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
