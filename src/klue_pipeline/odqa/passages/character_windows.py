"""Stretches of 16 characters, looked up in any amount of text while it goes by once."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

WIDTH = 16
"""Characters of a window; a power of 2."""

_BASE = 0x9E3779B97F4A7C15
_WORD = 2**64
_FILTER_BITS = 20
_CHARACTERS_AT_A_TIME = 1 << 20
_SEPARATOR = "\0"  # texts have none, so that no window reaches from one into the next


class WindowIndex:
    """Finds windows in texts.

    Args:
        windows: What to look for, each of :data:`WIDTH` characters.
    """

    def __init__(self, windows: Iterable[str]) -> None:
        self._windows: dict[int, list[str]] = {}
        wanted = list(windows)
        hashes = hash_windows("".join(wanted))[::WIDTH]
        for window, value in zip(wanted, hashes.tolist(), strict=True):
            self._windows.setdefault(value, []).append(window)
        self._hashes = np.array(sorted(self._windows), dtype=np.uint64)
        self._filter = np.zeros(1 << _FILTER_BITS, dtype=bool)
        self._filter[self._filtered(self._hashes)] = True

    def find(self, texts: Iterable[str]) -> Iterator[tuple[int, int, str]]:
        """Yield the number of the text, the place in it and the window, from left to right."""
        if not self._windows:
            return
        number = 0
        for batch in _batches(texts):
            begins = np.array([0, *accumulate(len(text) + 1 for text in batch)])
            joined = _SEPARATOR.join(batch)
            hashes = hash_windows(joined)
            places = np.flatnonzero(self._filter[self._filtered(hashes)])
            places = places[np.isin(hashes[places], self._hashes)]
            for place in places.tolist():
                in_batch = int(np.searchsorted(begins, place, side="right")) - 1
                window = joined[place : place + WIDTH]
                if window in self._windows[int(hashes[place])]:
                    yield number + in_batch, place - int(begins[in_batch]), window
            number += len(batch)

    @staticmethod
    def _filtered(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return hashes >> np.uint64(64 - _FILTER_BITS)


def hash_windows(text: str) -> NDArray[np.uint64]:
    """Hash every window of a text; equal windows have equal hashes. Shape: (windows,).

    A polynomial of the characters, made by doubling: a window of 16 is two of 8.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    hashes = (codes + np.uint64(1)) * np.uint64(_BASE)
    width = 1
    while width < WIDTH:
        power = np.uint64(pow(_BASE, width, _WORD))
        hashes = hashes[:-width] * power + hashes[width:]
        width *= 2
    return hashes


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    n_characters = 0
    for text in texts:
        batch.append(text)
        n_characters += len(text)
        if n_characters >= _CHARACTERS_AT_A_TIME:
            yield batch
            batch, n_characters = [], 0
    if batch:
        yield batch
