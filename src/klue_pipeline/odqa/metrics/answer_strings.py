r"""Whether a passage holds the string of an answer, whatever question it was written for.

Texts are compared without what differs between writers and not between answers: the form of Hangul,
upper case, quotation marks and brackets (as KorQuAD's official script leaves them out), and blanks,
as which a backslash followed by n counts too: KLUE-MRC writes line breaks as these two characters.
"""

import re
import unicodedata
from collections.abc import Collection

_MARKS = str.maketrans(dict.fromkeys("'\"‘’“”《》〈〉<>「」『』()", " "))
_BLANKS = re.compile(r"(?:\\n|\s)+")


def normalise_for_search(text: str) -> str:
    r"""Write a text so that equal answers are equal strings.

    >>> normalise_for_search("《토지》는\\n박경리의  Novel이다")
    '토지 는 박경리의 novel이다'
    """
    composed = unicodedata.normalize("NFC", text).lower().translate(_MARKS)
    return _BLANKS.sub(" ", composed).strip()


def holds_answer(passage: str, answers: Collection[str]) -> bool:
    """Say whether one of the answers stands in a passage.

    A number must stand there as a whole: 3 is not found in 1953.

    Args:
        passage: A text, normalised by :func:`normalise_for_search`.
        answers: Answers, normalised too; an empty one is in no passage.

    >>> holds_answer("한국 전쟁은 1953년에 멎었다", ["3"])
    False
    >>> holds_answer("한국 전쟁은 1953년에 멎었다", ["1953년"])
    True
    """
    return any(_stands_in(answer, passage) for answer in answers if answer)


def _stands_in(answer: str, passage: str) -> bool:
    place = passage.find(answer)
    while place >= 0:
        if not _cuts_number(passage, place, place + len(answer)):
            return True
        place = passage.find(answer, place + 1)
    return False


def _cuts_number(text: str, start: int, end: int) -> bool:
    """Say whether a span begins or ends inside of a number."""
    return any(
        0 < border < len(text) and text[border - 1].isdecimal() and text[border].isdecimal()
        for border in (start, end)
    )
