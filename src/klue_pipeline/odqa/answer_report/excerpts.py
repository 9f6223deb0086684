r"""Pieces of a passage around an answer, with what was given and what was wanted marked in them."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

_BLANKS = re.compile(r"(?:\\n|\s)+")
_CONTEXT_CHARACTERS = 90

PLAIN, GOLD, GIVEN, BOTH = 0, 1, 2, 3
"""How a piece is marked: not at all, as a gold answer, as the answer that was given, or as both."""

Span = tuple[int, int]
"""First character and exclusive end."""


class Piece(NamedTuple):
    """A piece of a text and how it is marked."""

    text: str
    mark: int


def find_spans(text: str, answers: Iterable[str]) -> list[Span]:
    """Find every place of every answer in a text.

    >>> find_spans("서울은 서울특별시다", ["서울", "서울특별시"])
    [(0, 2), (4, 6), (4, 9)]
    """
    wanted = [re.escape(answer) for answer in answers if answer]
    return sorted({match.span() for answer in wanted for match in re.finditer(answer, text)})


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    """Say whether a span shares a character with one of others."""
    return any(span[0] < end and start < span[1] for start, end in others)


def cut_excerpt(
    text: str, gold: Sequence[Span], given: Span | None, around: Sequence[Span]
) -> list[Piece]:
    r"""Cut out what stands around some spans of a passage.

    Args:
        text: The passage; line breaks, also those written as a backslash and n, become blanks.
        gold: Places of gold answers.
        given: Place of the answer that was given, if it is in this passage.
        around: What has to be seen; the beginning of the text where nothing has.

    Returns:
        Pieces in their order; a … stands where the passage goes on.

    >>> [tuple(piece) for piece in cut_excerpt("한강은 서해로\\n간다", [(4, 6)], (4, 7), [(4, 6)])]
    [('한강은 ', 0), ('서해', 3), ('로', 2), (' 간다', 0)]
    """
    windows = _choose_windows(len(text), around)
    pieces = [Piece("… ", PLAIN)] if windows[0][0] > 0 else []
    for place, window in enumerate(windows):
        pieces += [Piece(" … ", PLAIN)] if place else []
        pieces += _cut(text, window, gold, given)
    return [*pieces, Piece(" …", PLAIN)] if windows[-1][1] < len(text) else pieces


def _choose_windows(length: int, around: Sequence[Span]) -> list[Span]:
    """Return the parts that are shown, in order and apart."""
    wanted = sorted(
        (max(0, start - _CONTEXT_CHARACTERS), min(length, end + _CONTEXT_CHARACTERS))
        for start, end in around
    ) or [(0, min(length, 2 * _CONTEXT_CHARACTERS))]
    windows = wanted[:1]
    for start, end in wanted[1:]:
        first, last = windows[-1]
        if start <= last:
            windows[-1] = first, max(last, end)
        else:
            windows.append((start, end))
    return windows


def _cut(text: str, window: Span, gold: Sequence[Span], given: Span | None) -> list[Piece]:
    spans = [*gold, given] if given else [*gold]
    borders = {min(max(border, window[0]), window[1]) for span in spans for border in span}
    return [
        Piece(
            _BLANKS.sub(" ", text[start:end]),
            GOLD * overlaps((start, end), gold) + GIVEN * overlaps((start, end), [given or (0, 0)]),
        )
        for start, end in pairwise(sorted({*window, *borders}))
    ]
