r"""Words that a question and a passage share, marked in an excerpt of the passage.

A word is shared as far as its beginning goes: what follows in Korean are particles and endings, so
that 회사는 and 회사가 share 회사.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from klue_pipeline.odqa.metrics.answer_strings import normalise_for_search

_WORD = re.compile(r"\w+")
_BLANKS = re.compile(r"(?:\\n|\s)+")
_FEWEST_LETTERS = 2
_EXCERPT_CHARACTERS = 260

PLAIN, SHARED, ANSWER = "", "shared", "answer"


class Piece(NamedTuple):
    """A piece of a text, and why it is marked: one of PLAIN, SHARED, ANSWER."""

    text: str
    mark: str


Span = tuple[int, int, str]
"""Start, exclusive end and mark."""


def mark_text(text: str, other: str) -> list[Piece]:
    """Mark in a text the beginnings of words that another text has too.

    >>> [tuple(piece) for piece in mark_text("그 회사는 어디에?", "그는 회사가 있는 곳")]
    [('그 ', ''), ('회사', 'shared'), ('는 어디에?', '')]
    """
    return _cut(text, _find_shared(text, other))


def mark_excerpt(text: str, question: str, answers: Sequence[str] = ()) -> list[Piece]:
    r"""Cut out the part of a passage that says most about a question, and mark it.

    Args:
        text: The passage; line breaks, also those written as a backslash and n, become blanks.
        question: What was asked.
        answers: Marked too; the excerpt is around the first of them that is found.

    Returns:
        The pieces of the excerpt; a … at an end where the passage goes on.
    """
    line = _BLANKS.sub(" ", text).strip()
    found = _find_answers(line, answers)
    spans = found + [own for own in _find_shared(line, question) if not _meets(own, found)]
    start, end = _choose_window(len(line), found[:1] or spans)
    inside = [(max(first, start) - start, min(last, end) - start, mark)
              for first, last, mark in spans if first < end and last > start]  # fmt: skip
    pieces = _cut(line[start:end], sorted(inside))
    before, after = (
        [Piece("…\u00a0", PLAIN)] * (start > 0),
        [Piece("\u00a0…", PLAIN)] * (end < len(line)),
    )
    return [*before, *pieces, *after]


def _find_shared(text: str, other: str) -> list[Span]:
    beginnings = {
        word[:end]
        for word in _WORD.findall(normalise_for_search(other))
        for end in range(_FEWEST_LETTERS, len(word) + 1)
    }
    # Lower case keeps the length of nearly all letters; where it does not, nothing is marked.
    lowered = text.lower()
    if len(lowered) != len(text):
        return []
    spans = []
    for word in _WORD.finditer(lowered):
        letters = word.group()
        ends = range(len(letters), _FEWEST_LETTERS - 1, -1)
        longest = next((end for end in ends if letters[:end] in beginnings), 0)
        if longest:
            spans.append((word.start(), word.start() + longest, SHARED))
    return spans


def _find_answers(text: str, answers: Iterable[str]) -> list[Span]:
    """Find the first of the answers that stands in a text, at all its places."""
    for answer in answers:
        wanted = _BLANKS.sub(" ", answer).strip()
        if wanted and wanted in text:
            return [(found.start(), found.end(), ANSWER)
                    for found in re.finditer(re.escape(wanted), text)]  # fmt: skip
    return []


def _meets(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and span[1] > start for start, end, _ in others)


def _choose_window(length: int, spans: Sequence[Span]) -> tuple[int, int]:
    """Return the part with the most marked letters, in the middle of them."""
    if length <= _EXCERPT_CHARACTERS or not spans:
        return 0, min(length, _EXCERPT_CHARACTERS)
    starts = [start for start, _, _ in spans]
    best = max(starts, key=lambda start: _count_marked(spans, start, start + _EXCERPT_CHARACTERS))
    last = max(end for start, end, _ in spans if start < best + _EXCERPT_CHARACTERS)
    slack = max(0, _EXCERPT_CHARACTERS - (last - best))
    first = min(max(0, best - slack // 2), length - _EXCERPT_CHARACTERS)
    return first, first + _EXCERPT_CHARACTERS


def _count_marked(spans: Sequence[Span], start: int, end: int) -> int:
    return sum(last - first for first, last, _ in spans if start <= first and last <= end)


def _cut(text: str, spans: Sequence[Span]) -> list[Piece]:
    pieces, place = [], 0
    for start, end, mark in spans:
        pieces += [Piece(text[place:start], PLAIN), Piece(text[start:end], mark)]
        place = end
    return [piece for piece in (*pieces, Piece(text[place:], PLAIN)) if piece.text]
