"""Where an entity stands: at its offsets, or where its words are found.

The fields of a row are what a table's columns, a server's request and a Python caller have in
common. Whether the words at the offsets are the entity's is asked of ``row_checks``.
"""

from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from reprlib import Repr
from typing import Any
from unicodedata import normalize

from klue_pipeline.relation.ingest.parsing.layout import TableLayout
from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawEntity,
    shorten,
)
from klue_pipeline.relation.ingest.parsing.token_lists import JoinedTokens
from klue_pipeline.text.records.cells import (
    find_misfits,
    is_plain,
    read_name,
    read_number_or_name,
)

Place = tuple[int, int] | str
"""Where an entity stands: start and exclusive end in characters, or its words."""

_NUMBERS = ("start", "end", "occurrence")
_PLACES_SHOWN = 8
_QUOTES = Repr()
_QUOTES.maxstring = 60


def read_placed_entity(
    values: Mapping[str, Any],
    role: str,
    sentence: str,
    layout: TableLayout,
    tokens: JoinedTokens | None = None,
) -> RawEntity | str | None:
    """Read an entity by its offsets, or by its words where there are none.

    Args:
        values: The row by field: ``<role>`` with words or with start and end, ``<role>_start``,
            ``<role>_end``, ``<role>_occurrence`` and ``<role>_type``. Any of them may be missing or
            None.
        role: ``subject`` or ``object``.
        sentence: The sentence.
        layout: What an end is, and whether words that stand there twice mean the first place.
        tokens: What the sentence was joined from, where offsets count tokens.

    Returns:
        The entity, why it cannot be read, or None where there is none.

    >>> row = {"subject": "한빛", "object_start": 4, "object_end": "6", "object_type": "ORG"}
    >>> read_placed_entity(row, "subject", "한빛은 누리를 샀다.", TableLayout())
    RawEntity(word='한빛', start=0, end=2, type=None)
    >>> read_placed_entity(row, "object", "한빛은 누리를 샀다.", TableLayout())
    RawEntity(word='누리', start=4, end=6, type='ORG')
    """
    place = values.get(role)
    kind = values.get(f"{role}_type")
    if misfits := find_misfits({"type": kind}):
        return misfits
    start, end, nth = (_read_number(values.get(f"{role}_{part}")) for part in _NUMBERS)
    if not is_plain(place):
        span = tuple(place) if isinstance(place, Iterable) else ()
        if len(span) != 2 or not all(map(_is_whole_number, span)):  # noqa: PLR2004 - start and end
            return f"{shorten(repr(place))} is neither two whole numbers nor text"
        place, start, end = None, *map(int, span)
    word, entity_type = read_name(place), read_name(kind)
    if start is None and end is None:
        nth = 1 if nth is None and layout.takes_first else nth
        return None if word is None or not sentence else _look_up(word, sentence, entity_type, nth)
    found = _read_span(start, end, word, layout, tokens)
    return found if isinstance(found, str) else _cut_out(sentence, word, found, entity_type)


def _read_number(value: Any) -> str | int | None:
    """Return a whole number, what else was found as text, or None where there is nothing."""
    return read_number_or_name(value) if is_plain(value) else repr(value)


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _look_up(
    word: str, sentence: str, entity_type: str | None, nth: str | int | None
) -> RawEntity | str:
    if isinstance(nth, str):
        return f"occurrence is {shorten(repr(nth))}, wanted a whole number from 1"
    place = locate_words(sentence, word, nth)
    return place if isinstance(place, str) else RawEntity(word, *place, type=entity_type)


def _read_span(
    start: str | int | None,
    end: str | int | None,
    word: str | None,
    layout: TableLayout,
    tokens: JoinedTokens | None,
) -> tuple[int, int] | str:
    """Return start and exclusive end in characters, or what is wrong with them."""
    if isinstance(start, int) and end is None and word and tokens is None:
        return start, start + len(word)
    if not isinstance(start, int) or not isinstance(end, int):
        found = " and ".join(shorten(repr(value)) for value in (start, end))
        return f"start and end are {found}, wanted whole numbers"
    end += layout.ends_are_inclusive
    return (start, end) if tokens is None else tokens.to_characters(start, end)


def _cut_out(
    sentence: str, word: str | None, span: tuple[int, int], entity_type: str | None
) -> RawEntity | str:
    start, end = span
    if not 0 <= start < end <= len(sentence):
        return (
            f"characters {start} to {end} (exclusive) are no part of a sentence of {len(sentence)}"
        )
    found = sentence[start:end]
    if word is None:
        return RawEntity(found, start, end, entity_type)
    if found != word and (slip := _guess_slip(sentence, word, start)):
        return f"wanted {shorten(repr(word))}, found {shorten(repr(found))}: {slip}"
    return RawEntity(word, start, end, entity_type)


def _guess_slip(sentence: str, word: str, start: int) -> str | None:
    """Say what offsets that miss their word by one look like; None where they look like nothing."""
    if sentence.startswith(word, start):
        return "it begins there and ends elsewhere; are the ends the other kind (ends)?"
    if start > 0 and sentence.startswith(word, start - 1):
        return "it begins one character before; are the offsets counted from 1? They count from 0"
    return None


def locate_words(sentence: str, words: str, nth: int | None = None) -> tuple[int, int] | str:
    """Find an entity's words in its sentence, if they stand there exactly once.

    Occurrences that overlap count one by one. Letters are compared as they are stored: a composed
    and a decomposed Hangul syllable (NFC and NFD) are different, and the answer says so.

    Args:
        sentence: Where to look.
        words: What to look for, with at least one character that is not blank.
        nth: Which of several places is meant, counted from 1; None where there must be but one.

    Returns:
        Start and exclusive end in characters, or what is wrong in words.

    >>> locate_words("박경리의 소설 토지", "토지")
    (8, 10)
    >>> locate_words("토지는 박경리가 쓴 소설 토지", "토지")
    "'토지' stands at characters 0 and 14 of the sentence; give its offsets or its occurrence"
    >>> locate_words("토지는 박경리가 쓴 소설 토지", "토지", nth=2)
    (14, 16)
    >>> locate_words("박경리의 소설 토지", "토치")
    "'토치' is not in the sentence"
    """
    starts = list(_occurrences(sentence, words))
    shown = _QUOTES.repr(words)
    if starts and nth is None and len(starts) > 1:
        return (
            f"{shown} stands at characters {_listed(starts)} of the sentence; give its offsets or "
            "its occurrence"
        )
    if starts and not 1 <= (nth or 1) <= len(starts):
        return f"{shown} stands {len(starts)} times in the sentence, wanted was number {nth}"
    if starts:
        start = starts[(nth or 1) - 1]
        return start, start + len(words)
    return f"{shown} is not in the sentence{_hint_at_composition(sentence, words)}"


def _occurrences(sentence: str, words: str) -> Iterator[int]:
    start = sentence.find(words)
    while start >= 0:
        yield start
        start = sentence.find(words, start + 1)


def _listed(starts: list[int]) -> str:
    shown = [str(start) for start in starts]
    if len(shown) > _PLACES_SHOWN:
        shown = [*shown[:_PLACES_SHOWN], f"{len(shown) - _PLACES_SHOWN} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _hint_at_composition(sentence: str, words: str) -> str:
    if normalize("NFC", words) not in normalize("NFC", sentence):
        return ""
    return " as it is stored, but it is after Unicode normalisation; bring both to NFC first"
