"""Texts that another engine returned -> the passages they are, though blanks may differ.

Engines hand over several passages as one text, joined with a blank or with nothing; it is read from
the left, passage by passage.
"""

from collections import defaultdict
from collections.abc import Iterable

from klue_pipeline.odqa.tokens.tokenizers import plain

_HEAD = 24
"""Characters by which passages that may go on are looked up."""


class PassageTexts:
    """Finds passages by their texts.

    Args:
        texts: Of all passages.

    >>> passages = PassageTexts(["조선의 무신", "고려의 문신"])
    >>> passages.find("고려의 문신 조선의  무신")
    ([1, 0], False)
    >>> passages.find("조선의 무신 아무개")
    ([0], True)
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [_letters(text) for text in texts]
        self._by_head: defaultdict[str, list[int]] = defaultdict(list)
        for place in sorted(range(len(self._texts)), key=lambda place: -len(self._texts[place])):
            self._by_head[self._texts[place][:_HEAD]].append(place)
        self._short_heads = sorted({len(head) for head in self._by_head if len(head) < _HEAD})

    def find(self, text: str) -> tuple[list[int], bool]:
        """Return the places of the passages that a text is, and whether something is left over."""
        letters, start = _letters(text), 0
        found: list[int] = []
        while start < len(letters):
            place = self._find_at(letters, start)
            if place is None:
                return found, True
            found.append(place)
            start += len(self._texts[place])
        return found, False

    def _find_at(self, letters: str, start: int) -> int | None:
        """Return the longest passage that goes on here, of equal ones the first."""
        for length in (_HEAD, *reversed(self._short_heads)):
            for place in self._by_head.get(letters[start : start + length], ()):
                if self._texts[place] and letters.startswith(self._texts[place], start):
                    return place
        return None


def _letters(text: str) -> str:
    return plain(text).replace(" ", "")
