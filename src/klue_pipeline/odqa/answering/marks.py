"""Quotation marks and brackets of a passage in pairs, and answers that have one of a pair only.

The golds of KLUE-MRC decide what to do about it: 142 of 3,929 stand in quotation marks or marks of
a title and have both, 7 have neither; of those in round brackets, 8 have neither and none has both.
"""

from collections.abc import Mapping, Sequence

from klue_pipeline.text.morphemes import Morpheme

_CLOSING = dict(zip("《「『‘“([{〈<【«'\"", "》」』’”)]}〉>】»'\"", strict=True))
_STRAIGHT = frozenset("'\"")
_BRACKETS = frozenset("([{")
_MARKS = frozenset({"SSO", "SSC"})

Partners = Mapping[int, int]
"""The place of the other mark by that of either mark of a pair."""


def pair_marks(text: str, morphemes: Sequence[Morpheme]) -> dict[int, int]:
    """Find the pairs of marks in a text; a mark without its other half is in none.

    Args:
        text: The text.
        morphemes: Its morphemes; they say which straight marks open and which close.

    >>> from klue_pipeline.text.morphemes import analyse
    >>> text = "‘토지’(소설)는 (미완"
    >>> pair_marks(text, next(analyse([text])))
    {0: 3, 3: 0, 4: 7, 7: 4}
    """
    partners: dict[int, int] = {}
    still_open: list[int] = []
    for morpheme in morphemes:
        if morpheme.tag in _MARKS:
            for place in range(morpheme.start_char, morpheme.end_char):
                if morpheme.tag == "SSC":
                    _close(text, place, still_open, partners)
                elif not _is_apostrophe(text, place):
                    still_open.append(place)
    return partners


def _close(text: str, place: int, still_open: list[int], partners: dict[int, int]) -> None:
    for depth in range(len(still_open) - 1, -1, -1):
        if _CLOSING.get(text[still_open[depth]]) == text[place]:
            opening = still_open[depth]
            partners[opening], partners[place] = place, opening
            # Marks that were opened later were never closed.
            del still_open[depth:]
            return


def _is_apostrophe(text: str, place: int) -> bool:
    return text[place] in _STRAIGHT and text[:place][-1:].isalnum()


def mend_end(text: str, partners: Partners, start: int, end: int) -> int:
    """Take in a closing mark behind an answer that has its opening one, or drop a lonely last mark.

    Args:
        text: The passage.
        partners: Its pairs of marks.
        start: First character of the answer.
        end: Place after the last one.

    Returns:
        The new end.
    """
    opening = partners.get(end, end)
    if start <= opening < end and not (opening == start and text[opening] in _BRACKETS):
        return end + 1
    other = partners.get(end - 1, start)
    is_taken_in = other == start - 1 and text[other] not in _BRACKETS
    is_lonely = not start <= other < end and not is_taken_in
    return end - 1 if is_lonely and end - start > 1 else end


def mend_start(text: str, partners: Partners, start: int, end: int) -> int:
    """Take in an opening mark before an answer that has its closing one, or drop a lonely first.

    Args:
        text: The passage.
        partners: Its pairs of marks.
        start: First character of the answer.
        end: Place after the last one.

    Returns:
        The new start.
    """
    closing = partners.get(start - 1, -1)
    if start <= closing < end and not (closing == end - 1 and text[start - 1] in _BRACKETS):
        return start - 1
    other = partners.get(start, start)
    is_taken_in = other == end and text[start] not in _BRACKETS
    is_lonely = not start <= other < end and not is_taken_in
    return start + 1 if is_lonely and end - start > 1 else start
