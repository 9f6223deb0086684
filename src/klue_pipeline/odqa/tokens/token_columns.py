"""Lists of tokens as two arrays: all tokens one after the other, and where each list begins."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np


@dataclass(frozen=True, eq=False)
class TokenColumn:
    """The tokens of some texts, as places in a vocabulary.

    Attributes:
        token_ids: int32, those of all texts.
        offsets: int64; the tokens of text ``n`` begin at ``offsets[n]`` and end before
            ``offsets[n + 1]``.
    """

    token_ids: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the tokens of each text."""
        for start, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.token_ids[start:end].tolist()

    @property
    def rows(self) -> np.ndarray:
        """Return for each token the place of its text."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))

    def save(self, folder: Path, name: str) -> None:
        """Write both arrays."""
        np.save(folder / f"{name}.token_ids.npy", self.token_ids, allow_pickle=False)
        np.save(folder / f"{name}.offsets.npy", self.offsets, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Open both arrays; they stay on disk and are read where they are used."""
        parts = (folder / f"{name}.{part}.npy" for part in ("token_ids", "offsets"))
        return cls(*(np.load(part, mmap_mode="r", allow_pickle=False) for part in parts))


def number_tokens(
    token_lists: Iterable[list[str]], id_of: Callable[[str], int | None]
) -> TokenColumn:
    """Return texts' tokens as numbers, without those that have none.

    >>> column = number_tokens([["a", "b"], [], ["c", "a"]], {"a": 0, "c": 1}.get)
    >>> list(column)
    [[0], [], [1, 0]]
    """
    token_ids, offsets = array("i"), array("q", [0])
    for tokens in token_lists:
        token_ids.extend(number for number in map(id_of, tokens) if number is not None)
        offsets.append(len(token_ids))
    return TokenColumn(np.array(token_ids, np.int32), np.array(offsets, np.int64))


def join_columns(first: TokenColumn, second: TokenColumn) -> TokenColumn:
    """Put the tokens of each text of one column before those of the other's.

    >>> titles = number_tokens([["a"], []], {"a": 0}.get)
    >>> texts = number_tokens([["b", "c"], ["c"]], {"b": 1, "c": 2}.get)
    >>> list(join_columns(titles, texts))
    [[0, 1, 2], [2]]
    """
    lengths = np.stack([np.diff(column.offsets) for column in (first, second)], axis=1)
    is_first = np.repeat(np.tile([True, False], len(first)), lengths.ravel())
    token_ids = np.empty(len(is_first), np.int32)
    token_ids[is_first] = first.token_ids
    token_ids[~is_first] = second.token_ids
    return TokenColumn(token_ids, first.offsets + second.offsets)
