"""Texts that are partly special tokens, put together piece by piece.

A special token is known by where it was put, never by how it is spelled: a sentence that happens to
contain ``<subj>`` or ``[SEP]`` stays text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Protocol

MASK_TEXT = "[MASK]"
"""Stands for the encoder's mask token, however the encoder spells it, in rows that augmentation
made; in all other rows it is text."""

_MASK = re.compile(re.escape(MASK_TEXT))


class SpecialToken(str):
    """A piece of a text that is one special token of the tokenizer, such as ``<subj>``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class CharSpan:
    """A piece of a text: its first character, counted from 0, and the place after its last."""

    start_char: int
    end_char: int


class Stretch(Protocol):
    """Whatever has a place in a text."""

    @property
    def start_char(self) -> int:
        """Return the place of its first character."""
        ...

    @property
    def end_char(self) -> int:
        """Return the place after its last character."""
        ...


def overlap(one: Stretch, other: Stretch) -> bool:
    """Tell whether two stretches of a text share a character.

    >>> overlap(CharSpan(0, 3), CharSpan(2, 4)), overlap(CharSpan(0, 3), CharSpan(3, 4))
    (True, False)
    """
    return one.start_char < other.end_char and other.start_char < one.end_char


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A text for an encoder.

    Attributes:
        text: All of its characters, those of special tokens included.
        special: Which stretches of ``text`` are special tokens, in order.
    """

    text: str
    special: tuple[CharSpan, ...] = ()


def join_pieces(*pieces: str) -> WrittenText:
    """Put pieces one after the other; those that are a :class:`SpecialToken` stay one.

    >>> join_pieces(SpecialToken("[SE]"), " 이순신 ", SpecialToken("[/SE]"), "과").special
    (CharSpan(start_char=0, end_char=4), CharSpan(start_char=9, end_char=14))
    """
    borders = accumulate((len(piece) for piece in pieces), initial=0)
    special = (
        CharSpan(start, end)
        for piece, (start, end) in zip(pieces, pairwise(borders), strict=True)
        if isinstance(piece, SpecialToken)
    )
    return WrittenText("".join(pieces), tuple(special))


def cut_pieces(written: WrittenText) -> Iterator[tuple[int, str]]:
    """Yield the pieces of a text that are not empty, each with the place of its first character.

    >>> list(cut_pieces(join_pieces("가 ", SpecialToken("<obj>"), "<obj>")))
    [(0, '가 '), (2, '<obj>'), (7, '<obj>')]
    >>> [isinstance(piece, SpecialToken) for _, piece in
    ...     cut_pieces(join_pieces("가 ", SpecialToken("<obj>"), "<obj>"))]
    [False, True, False]
    """
    cursor = 0
    for span in written.special:
        if cursor < span.start_char:
            yield cursor, written.text[cursor : span.start_char]
        yield span.start_char, SpecialToken(written.text[span.start_char : span.end_char])
        cursor = span.end_char
    if cursor < len(written.text):
        yield cursor, written.text[cursor:]


def with_masks(written: WrittenText) -> WrittenText:
    """Return a text in which every ``[MASK]`` is a special token.

    >>> with_masks(WrittenText("[MASK]은 무신이다.")).special
    (CharSpan(start_char=0, end_char=6),)
    """
    masks = [CharSpan(*match.span()) for match in _MASK.finditer(written.text)]
    if not masks:
        return written
    special = {*written.special, *masks}
    return replace(written, special=tuple(sorted(special, key=lambda span: span.start_char)))
