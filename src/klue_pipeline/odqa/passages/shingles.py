"""What a passage consists of, for telling near duplicates: hashes of its word 3-grams."""

import hashlib
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.text.blanks import blank_out_breaks, without_blanks

_WORD = re.compile(r"\w+")
_N = 3
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_FOLD = np.uint64(33)


class Shingler:
    """Hashes the word 3-grams of texts; knows every word that it has seen."""

    def __init__(self) -> None:
        self._hash_of_word: dict[str, int] = {}

    def shingles_of(self, text: str) -> NDArray[np.uint64]:
        """Return the sorted hashes of the different 3-grams of words, at least one.

        Blanks and punctuation only part words. A text of fewer than 3 words is one 3-gram.

        Args:
            text: A text with at least one character that is no blank.
        """
        words = [self._hash_word(word) for word in words_of(text)]
        words += [0] * (_N - len(words))
        hashes = np.array(words, dtype=np.uint64)
        n_shingles = len(hashes) - _N + 1
        mixed = np.zeros(n_shingles, dtype=np.uint64)
        for place, factor in enumerate(_FACTORS):
            mixed = (mixed + hashes[place : place + n_shingles]) * factor
            mixed ^= mixed >> _FOLD
        return np.unique(mixed * _MIX)

    def _hash_word(self, word: str) -> int:
        if word not in self._hash_of_word:
            digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
            self._hash_of_word[word] = int.from_bytes(digest, "little")
        return self._hash_of_word[word]


def words_of(text: str) -> list[str]:
    r"""Return the words of a text; one of nothing but punctuation is a word itself.

    >>> words_of("(서울,\\n 수도)"), words_of("…!")
    (['서울', '수도'], ['…!'])
    """
    return _WORD.findall(blank_out_breaks(text)) or [without_blanks(text)]


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Return the share of common members of two sets, as sorted arrays without repetitions.

    >>> jaccard(np.array([1, 2, 3], dtype=np.uint64), np.array([2, 3, 4], dtype=np.uint64))
    0.5
    """
    n_common = np.intersect1d(one, other, assume_unique=True).size
    return float(n_common / (one.size + other.size - n_common))


def flatten(sets: Iterable[NDArray[np.uint64]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Join sets into one array, and say where each begins."""
    arrays = list(sets)
    begins = np.cumsum([0, *(len(each) for each in arrays[:-1])])
    return np.concatenate(arrays), begins
