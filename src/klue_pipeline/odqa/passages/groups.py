"""Passages that say nearly the same, found in time that grows with their number.

MinHash with banding (Broder, "On the resemblance and containment of documents", 1997; Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3): passages that share a band of minima
are candidates, and exact Jaccard similarity of their word 3-grams decides.
"""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.passages.shingles import Shingler, flatten, jaccard, words_of
from klue_pipeline.odqa.settings.ingest_params import PassagesParams

_N_MINIMA = 128
_LONGEST_BAND = 8
_MISSED_SHARE = 1e-3
"""Of pairs exactly as similar as wanted, the share that may share no band."""
_MOST_COMPARED = 32
"""Passages of one bucket that all others are compared with, so that it costs linear time."""
_PASSAGES_AT_A_TIME = 1024
_SEED = 20_260_101

logger = logging.getLogger(__name__)


def group_passages(passages: pd.DataFrame, params: PassagesParams) -> pd.DataFrame:
    """Put passages into one group that are similar enough, directly or by others in between.

    Args:
        passages: What is searched; schema ``Passages``.
        params: The similarity from which two passages are of one group; 1 groups only what is
            equal but for blanks and punctuation.

    Returns:
        A table of schema ``PassageGroups``, in the order of the passages.
    """
    texts = passages["text"].tolist()
    similarity = params.near_duplicate_similarity
    first = _equal_texts(texts) if similarity == 1 else _similar_texts(texts, similarity)
    passage_ids = passages["passage_id"]
    groups = pd.DataFrame(
        {"passage_id": passage_ids, "group_id": passage_ids.to_numpy()[first]}
    ).reset_index(drop=True)
    n_groups = groups["group_id"].nunique()
    logger.info("%d passages are of %d groups of near duplicates", len(groups), n_groups)
    return groups.astype("str")


def _equal_texts(texts: list[str]) -> NDArray[np.int64]:
    """Return the first passage with the same letters, for each passage."""
    first: dict[str, int] = {}
    places = [first.setdefault("".join(words_of(text)), place) for place, text in enumerate(texts)]
    return np.array(places, dtype=np.int64)


def _similar_texts(texts: list[str], similarity: float) -> NDArray[np.int64]:
    """Return the first passage of the group, for each passage."""
    shingler, groups = Shingler(), _Groups(len(texts))
    for band in _band_keys(texts, shingler, choose_band_length(similarity)).T:
        for bucket in _buckets(band):
            _join_bucket(bucket, texts, shingler, similarity, groups)
    return np.array([groups.first_of(place) for place in range(len(texts))], dtype=np.int64)


def choose_band_length(similarity: float) -> int:
    """Return the longest band by which pairs that are just similar enough are still found.

    >>> choose_band_length(0.8), choose_band_length(0.95)
    (5, 8)
    """
    for length in range(_LONGEST_BAND, 1, -1):
        if (1 - similarity**length) ** (_N_MINIMA // length) <= _MISSED_SHARE:
            return length
    return 1


def _band_keys(texts: list[str], shingler: Shingler, length: int) -> NDArray[np.uint64]:
    """Hash each band of each passage's minima. Shape: (passages, bands)."""
    draws = np.random.default_rng(_SEED)
    factors = draws.integers(2**63, size=_N_MINIMA, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    n_bands = _N_MINIMA // length
    powers = draws.integers(2**63, size=length, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = [np.empty((0, n_bands), dtype=np.uint64)]
    for start in range(0, len(texts), _PASSAGES_AT_A_TIME):
        part = texts[start : start + _PASSAGES_AT_A_TIME]
        hashes, begins = flatten(shingler.shingles_of(text) for text in part)
        minima = np.stack([np.minimum.reduceat(hashes * each, begins) for each in factors], axis=1)
        bands = minima[:, : n_bands * length].reshape(len(part), n_bands, length)
        keys.append((bands * powers).sum(axis=2, dtype=np.uint64))
    return np.concatenate(keys)


def _buckets(band: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Yield the passages that share a key, where there are several, in their order."""
    order = np.argsort(band, kind="stable")
    borders = np.flatnonzero(np.diff(band[order])) + 1
    begins, ends = np.append(0, borders), np.append(borders, len(band))
    for begin, end in zip(begins, ends, strict=True):
        if end - begin > 1:
            yield order[begin:end]


def _join_bucket(
    bucket: NDArray[np.int64],
    texts: list[str],
    shingler: Shingler,
    similarity: float,
    groups: "_Groups",
) -> None:
    """Compare candidates, but for those that are of one group already."""
    seen: list[tuple[int, NDArray[np.uint64]]] = []
    for place in bucket.tolist():
        shingles = shingler.shingles_of(texts[place])
        for other, others in seen:
            if not groups.are_one(other, place) and jaccard(shingles, others) >= similarity:
                groups.join(other, place)
        if len(seen) < _MOST_COMPARED:
            seen.append((place, shingles))


class _Groups:
    """Groups of numbers that grow together; each is known by its smallest number."""

    def __init__(self, n_members: int) -> None:
        self._above = list(range(n_members))

    def first_of(self, member: int) -> int:
        """Return the smallest number of a member's group."""
        while self._above[member] != member:
            self._above[member] = self._above[self._above[member]]
            member = self._above[member]
        return member

    def are_one(self, one: int, other: int) -> bool:
        """Tell whether two members are of one group."""
        return self.first_of(one) == self.first_of(other)

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        small, large = sorted((self.first_of(one), self.first_of(other)))
        self._above[large] = small
