"""One way to write what looks the same: composed letters, plain quotation marks, single blanks.

Every change comes with a map from the borders between the old characters to those between the new
ones, so that whoever knows spans of the text can move them along. Marks around titles
(〈〉《》「」『』«») are left alone: they are no quotation marks, and they tell a title from a name.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple


class Normalised(NamedTuple):
    """A text after normalisation.

    Attributes:
        text: The new text.
        places: Where each border of the old text, from 0 to its length, lies in the new text; None
            for a border inside of several characters that became one. Never falling.
    """

    text: str
    places: Sequence[int | None]


def normalise(text: str, steps: Iterable[str]) -> Normalised:
    """Carry out normalisation steps; to do it twice changes nothing more.

    Args:
        text: Any text.
        steps: Names out of :data:`STEPS`. Their order does not matter, they have one of their own:
            a blank that goes may bring letters together, so blanks come before composing.

    Returns:
        The new text and the map of its borders.

    Raises:
        ValueError: A step is not known.

    >>> normalise("‘토지’는　박경리의  소설이다", ["nfc", "quotes", "blanks"]).text
    "'토지'는 박경리의 소설이다"
    >>> normalise("가  나", ["blanks"])
    Normalised(text='가 나', places=[0, 1, 2, 2, 3])
    """
    wanted = set(steps)
    if unknown := sorted(wanted - STEPS.keys()):
        raise ValueError(f"There is no step {', '.join(unknown)}; known are {', '.join(STEPS)}.")
    result = Normalised(text, range(len(text) + 1))
    for name, step in STEPS.items():
        if name in wanted:
            result = _follow(result, step(result.text))
    return result


def _follow(first: Normalised, second: Normalised) -> Normalised:
    if second.text == first.text:
        return first
    places = [None if place is None else second.places[place] for place in first.places]
    return Normalised(second.text, places)


# ---- blanks -------------------------------------------------------------------------------------

_NO_WIDTH = "\u200b\u2060\ufeff"
"""Blanks without width. The joiners U+200C and U+200D are none: emoji are built with them."""
_HANGUL_FILLER = "\u3164"
_BLANKS = re.compile(rf"[\s{_HANGUL_FILLER}{_NO_WIDTH}]+")
_ODD_BLANK = re.compile(rf"[^\S ]|[{_HANGUL_FILLER}{_NO_WIDTH}]|  ")


def _unify_blanks(text: str) -> Normalised:
    """Write each run of blanks as one ordinary blank, or as nothing if it has no width at all.

    Line breaks and tabs are blanks here. A run at the beginning or the end is shortened like any
    other, not removed: a span may begin there.
    """
    if not _ODD_BLANK.search(text):
        return _unchanged(text)
    pieces, places, cursor = [], [0], 0
    for match in _BLANKS.finditer(text):
        start, end = match.span()
        places += _next_places(places[-1], start - cursor)
        blank = " " if match.group().strip(_NO_WIDTH) else ""
        pieces += [text[cursor:start], blank]
        places += [places[-1] + len(blank)] * (end - start)
        cursor = end
    places += _next_places(places[-1], len(text) - cursor)
    return Normalised("".join([*pieces, text[cursor:]]), places)


def _next_places(last: int, n_characters: int) -> range:
    return range(last + 1, last + 1 + n_characters)


# ---- composed letters ---------------------------------------------------------------------------


def _compose(text: str) -> Normalised:
    """Bring text into Unicode's normal form C (NFC; Unicode Standard Annex 15).

    Letters of Hangul that were written one by one become syllables, accents go on their letters,
    and Hanja of the compatibility block become the usual ones (U+F9E1 李 -> U+674E 李).
    """
    if unicodedata.is_normalized("NFC", text):
        return _unchanged(text)
    pieces: list[str] = []
    places: list[int | None] = [0]
    n_written = 0
    for cluster in _clusters(text):
        composed = unicodedata.normalize("NFC", cluster)
        inside = range(n_written + 1, n_written + len(cluster)) if composed == cluster else None
        places += inside or [None] * (len(cluster) - 1)
        n_written += len(composed)
        places.append(n_written)
        pieces.append(composed)
    return Normalised("".join(pieces), places)


def _clusters(text: str) -> Iterator[str]:
    """Cut text into the shortest pieces that compose each on its own."""
    start = 0
    for place in range(1, len(text)):
        if not _belongs(text[start:place], text[place]):
            yield text[start:place]
            start = place
    yield text[start:]


def _belongs(cluster: str, character: str) -> bool:
    """Tell whether a character changes what stands before it, or its place among its marks."""
    if unicodedata.combining(character):
        return True
    apart = (unicodedata.normalize("NFC", part) for part in (cluster, character))
    return unicodedata.normalize("NFC", cluster + character) != "".join(apart)


# ---- quotation marks ----------------------------------------------------------------------------

_QUOTES = str.maketrans(dict.fromkeys("“”„‟″〝〞〟＂", '"') | dict.fromkeys("‘’‚‛′‵｀`´＇", "'"))


def _unify_quotes(text: str) -> Normalised:
    """Write every quotation mark, and primes and accents that stand for one, as ``"`` or ``'``."""
    return Normalised(text.translate(_QUOTES), range(len(text) + 1))


def _unchanged(text: str) -> Normalised:
    return Normalised(text, range(len(text) + 1))


STEPS: dict[str, Callable[[str], Normalised]] = {
    "blanks": _unify_blanks,
    "nfc": _compose,
    "quotes": _unify_quotes,
}
"""Every step by its name, in the order in which steps are carried out."""
