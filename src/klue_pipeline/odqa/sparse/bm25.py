"""BM25 in six variants, by bm25s: weights of all tokens are worked out once, a search adds them up.

=========== ================================ =====================================================
variant     idf                              weight of a token that occurs ``tf`` times
=========== ================================ =====================================================
robertson   log((N - df + .5) / (df + .5)),  tf / (tf + k1 L)
            at least 0
lucene      log(1 + (N - df + .5) /          tf / (tf + k1 L)
            (df + .5))
atire       log(N / df)                      tf (k1 + 1) / (tf + k1 L)
bm25p       log((N + 1) / df)                tf (k1 + 1) / (tf + k1 L)
bm25+       log((N + 1) / df)                tf (k1 + 1) / (tf + k1 L) + delta
bm25l       log((N + 1) / (df + .5))         (k1 + 1) (tf / L + delta) / (k1 + tf / L + delta)
=========== ================================ =====================================================

N passages, df of which hold the token; L = 1 - b + b × length / mean length (Kamphuis et al. 2020).
A token that does not occur weighs nothing, as Lv and Zhai (2011) define bm25+ and bm25l. bm25s and
rank_bm25 add delta to every passage instead, which changes no rank; ``bm25p`` is what then remains
of rank_bm25's BM25Plus.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from klue_pipeline.odqa.settings.retriever_params import Bm25Variant, RetrieverParams
from klue_pipeline.odqa.sparse.index_header import IndexHeader, header_for
from klue_pipeline.odqa.sparse.search import SparseIndex
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens

_METHODS: dict[Bm25Variant, tuple[str, str]] = {
    "robertson": ("robertson", "robertson"),
    "lucene": ("lucene", "lucene"),
    "atire": ("atire", "atire"),
    "bm25p": ("atire", "bm25+"),
    "bm25+": ("bm25+", "bm25+"),
    "bm25l": ("bm25l", "bm25l"),
}
"""What bm25s calls the weight and the idf of each variant."""


@dataclass(frozen=True, eq=False)
class Bm25Index(SparseIndex):
    """The weights of all tokens in all passages.

    Attributes:
        header: Which passages these are and how texts were taken apart.
        weights: A ``bm25s.BM25``.
    """

    method: ClassVar[str] = "bm25"

    header: IndexHeader
    weights: Any

    def score(self, questions: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yield for each question's tokens the score of every passage; 0 without common tokens."""
        id_of = self.weights.vocab_dict.get
        for tokens in questions:
            known = [number for number in map(id_of, tokens) if number is not None]
            yield self.weights.get_scores_from_ids(known)

    @property
    def n_bytes(self) -> int:
        """Size of its arrays."""
        arrays = (self.weights.scores[name] for name in ("data", "indices", "indptr"))
        return sum(int(array.nbytes) for array in arrays)

    def save(self, folder: Path) -> None:
        """Write everything into an empty folder; bm25s can open it too."""
        self.weights.save(folder, show_progress=False)
        self.header.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder; the weights stay on disk and are read where they are used."""
        weights = _import_bm25s().BM25.load(folder, mmap=True, show_progress=False)
        for name in ("data", "indices", "indptr"):
            # The same mapped memory, without what slicing a memmap costs: a third of the scoring.
            weights.scores[name] = np.asarray(weights.scores[name])
        return cls(IndexHeader.load(folder), weights)


def fit_bm25(tokens: PassageTokens, params: RetrieverParams) -> Bm25Index:
    """Work out the weights of all tokens.

    Args:
        tokens: Of all passages.
        params: A retriever with the name ``bm25``.

    Raises:
        ValueError: No passage has a token, or the retriever is no BM25.
    """
    bm25s = _import_bm25s()
    if params.variant is None:
        raise ValueError(f"A retriever of BM25 needs a variant; found {params.name} without one.")
    searched = tokens.searched(title=params.title)
    header = header_for(tokens, searched)
    weight, idf = _METHODS[params.variant]
    weights = bm25s.BM25(params.k1, params.b, params.delta, weight, idf, backend="numpy")
    vocabulary = {token: number for number, token in enumerate(tokens.vocabulary)}
    weights.index(
        bm25s.tokenization.Tokenized(searched, vocabulary),
        create_empty_token=False,
        show_progress=False,
    )
    _add_delta_only_where_tokens_occur(weights)
    return Bm25Index(header, weights)


def _import_bm25s() -> Any:
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets DEBUG
    return bm25s


def _add_delta_only_where_tokens_occur(weights: Any) -> None:
    """Undo that bm25s takes from each weight what it later adds to every passage."""
    everywhere, scores = weights.nonoccurrence_array, weights.scores
    if everywhere is not None:
        scores["data"] += np.repeat(everywhere, np.diff(scores["indptr"]))
        everywhere[:] = 0
