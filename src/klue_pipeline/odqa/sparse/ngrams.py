"""Sequences of tokens as features: which there are, and how often each text has them.

A sequence is known by the place of its beginning among the shorter sequences and by its last token,
so that no sequence is ever written out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from klue_pipeline.odqa.tokens.token_columns import TokenColumn

_UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Ngrams:
    """All sequences of some texts, the single tokens first, then those of two and so on.

    Attributes:
        n_tokens: How many single tokens there are.
        longer: For two tokens and more: the sorted numbers of the sequences, place of the shorter
            sequence × ``n_tokens`` + last token.
    """

    n_tokens: int
    longer: list[np.ndarray]

    def __len__(self) -> int:
        """Return the number of features."""
        return self.n_tokens + sum(map(len, self.longer))


def learn_ngrams(column: TokenColumn, n_tokens: int, max_ngram: int) -> Ngrams:
    """Find all sequences of up to ``max_ngram`` tokens that stand within a text.

    Args:
        column: Tokens from 0 to ``n_tokens``.
        n_tokens: Size of the vocabulary.
        max_ngram: Longest sequence.
    """
    ngrams = Ngrams(n_tokens, [])
    shorter = column.token_ids
    for length in range(2, max_ngram + 1):
        starts, numbers = _number(column, shorter, length, n_tokens)
        ngrams.longer.append(np.unique(numbers))
        if length < max_ngram:
            shorter = _place(len(column.token_ids), starts, numbers, ngrams.longer[-1])
    return ngrams


def count_ngrams(column: TokenColumn, ngrams: Ngrams) -> sparse.csr_matrix:
    """Count the known sequences of each text.

    Args:
        column: Tokens from 0 to ``n_tokens``; -1 for one that no passage has.
        ngrams: What counts.

    Returns:
        float32. Shape: (texts, features)
    """
    places, features = (np.concatenate(parts) for parts in zip(*_find(column, ngrams), strict=True))
    ones = np.ones(len(places), np.float32)
    counted = sparse.coo_matrix((ones, (column.rows[places], features)), (len(column), len(ngrams)))
    return counted.tocsr()


def _find(column: TokenColumn, ngrams: Ngrams) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each length where known sequences begin, and which features they are."""
    shorter = column.token_ids
    known = np.flatnonzero(shorter != _UNKNOWN)
    yield known, shorter[known]
    before = ngrams.n_tokens
    for length, vocabulary in enumerate(ngrams.longer, start=2):
        starts, numbers = _number(column, shorter, length, ngrams.n_tokens)
        shorter = _place(len(column.token_ids), starts, numbers, vocabulary)
        known = np.flatnonzero(shorter != _UNKNOWN)
        yield known, shorter[known] + before
        before += len(vocabulary)


def _number(
    column: TokenColumn, shorter: np.ndarray, length: int, n_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return where sequences of a length begin within a text, and their numbers."""
    last = length - 1
    rows, token_ids = column.rows, column.token_ids
    are_known = (shorter[:-last] != _UNKNOWN) & (token_ids[last:] != _UNKNOWN)
    starts = np.flatnonzero((rows[:-last] == rows[last:]) & are_known)
    return starts, shorter[starts].astype(np.int64) * n_tokens + token_ids[starts + last]


def _place(
    size: int, starts: np.ndarray, numbers: np.ndarray, vocabulary: np.ndarray
) -> np.ndarray:
    """Return for every token the place of the sequence that begins there; -1 for none."""
    places = np.full(size, _UNKNOWN, np.int64)
    if len(vocabulary):
        nearest = np.minimum(np.searchsorted(vocabulary, numbers), len(vocabulary) - 1)
        places[starts] = np.where(vocabulary[nearest] == numbers, nearest, _UNKNOWN)
    return places
