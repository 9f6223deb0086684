"""Passages that are read as one text, and which passage a place in it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_BETWEEN = " "


@dataclass(frozen=True)
class JoinedTexts:
    """Some texts, each made of one or more passages with a blank between them.

    Attributes:
        texts: What is read.
        first_passages: Of each text, its first passage. Shape: (texts,).
        passage_starts: Where each passage would begin if all texts were joined like passages.
            Shape: (passages,).
    """

    texts: list[str]
    first_passages: Integers
    passage_starts: Integers

    def find(self, texts: Integers, chars: Integers) -> tuple[Integers, Integers]:
        """Find the passage of each place, and the place in it.

        Args:
            texts: Which text a place is in. Shape: (places,).
            chars: The place in its text. Shape: (places,).
        """
        places = self.passage_starts[self.first_passages[texts]] + chars
        passages = np.searchsorted(self.passage_starts, places, side="right") - 1
        return passages, places - self.passage_starts[passages]


def join_texts(passages: Sequence[str], text_numbers: Integers) -> JoinedTexts:
    """Join the passages of each text.

    Args:
        passages: Their texts, those of one text adjacent.
        text_numbers: Which text each passage is of, in any numbers. Shape: (passages,); at least
            one.

    >>> joined = join_texts(["서울은 수도다.", "부산은", "항구다."], np.array([3, 4, 4]))
    >>> joined.texts
    ['서울은 수도다.', '부산은 항구다.']
    >>> [part.tolist() for part in joined.find(np.array([0, 1, 1]), np.array([4, 0, 5]))]
    [[0, 1, 2], [4, 0, 1]]
    """
    first = np.flatnonzero(np.diff(text_numbers, prepend=text_numbers[0] - 1))
    lengths = np.array([len(passage) + len(_BETWEEN) for passage in passages])
    bounds = pairwise([*first.tolist(), len(passages)])
    return JoinedTexts(
        [_BETWEEN.join(passages[start:end]) for start, end in bounds],
        first,
        np.cumsum(lengths) - lengths,
    )
