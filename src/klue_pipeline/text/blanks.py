r"""Texts without regard to their blanks, for telling whether two are the same.

Corpora of Wikipedia write some line breaks as a backslash and the letter n, which is a blank here.
Stored texts keep theirs: only copies for matching and for tokens go through this.
"""

import re

import numpy as np
from numpy.typing import NDArray

_WRITTEN_BREAK = "\\n"
_BLANKS = re.compile(r"(?:\\n|[\s\u3164\u200b\u2060\ufeff])+")


def blank_out_breaks(text: str) -> str:
    r"""Replace line breaks that are written as a backslash and an n by a blank and a line break.

    Every other character stays at its place.

    >>> blank_out_breaks("서울이다.\\n부산")
    '서울이다. \n부산'
    """
    return text.replace(_WRITTEN_BREAK, " \n")


def without_blanks(text: str) -> str:
    r"""Return a text without its blanks, line breaks and characters of no width.

    >>> without_blanks(" 서울 은\\n\n수도\u200b")
    '서울은수도'
    """
    return _BLANKS.sub("", text)


def places_without_blanks(text: str) -> NDArray[np.int64]:
    r"""Return where each character that :func:`without_blanks` leaves stands in the text.

    >>> places_without_blanks("서 울\\n은").tolist()
    [0, 2, 5]
    """
    stays = np.ones(len(text), dtype=bool)
    for match in _BLANKS.finditer(text):
        stays[match.start() : match.end()] = False
    return np.flatnonzero(stays)
