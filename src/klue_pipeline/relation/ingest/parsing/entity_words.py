"""Where an entity stands that is given by its words alone."""

from collections.abc import Iterator
from reprlib import Repr
from unicodedata import normalize

_PLACES_SHOWN = 8
_QUOTES = Repr()
_QUOTES.maxstring = 60


def locate_words(sentence: str, words: str) -> tuple[int, int] | str:
    """Find an entity's words in its sentence, if they stand there exactly once.

    Occurrences that overlap count one by one. Letters are compared as they are stored: a composed
    and a decomposed Hangul syllable (NFC and NFD) are different, and the answer says so.

    Args:
        sentence: Where to look.
        words: What to look for.

    Returns:
        Start and exclusive end in characters, or what is wrong in words.

    >>> locate_words("박경리의 소설 토지", "토지")
    (8, 10)
    >>> locate_words("토지는 박경리가 쓴 소설 토지", "토지")
    "'토지' stands at characters 0 and 14 of the sentence; give its offsets"
    >>> locate_words("박경리의 소설 토지", "토치")
    "'토치' is not in the sentence"
    """
    if not words.strip():
        return f"wanted the words of an entity, found {words!r}"
    starts = list(_occurrences(sentence, words))
    if len(starts) == 1:
        return starts[0], starts[0] + len(words)
    shown = _QUOTES.repr(words)
    if starts:
        return f"{shown} stands at characters {_listed(starts)} of the sentence; give its offsets"
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
