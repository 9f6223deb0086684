"""TF-IDF as scikit-learn weighs it, over sequences of tokens; cosine of question and passage."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.sparse.index_header import IndexHeader, header_for
from klue_pipeline.odqa.sparse.ngrams import Ngrams, count_ngrams, learn_ngrams
from klue_pipeline.odqa.sparse.search import SparseIndex
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens
from klue_pipeline.odqa.tokens.token_columns import number_tokens

_VOCABULARY_FILE = "vocabulary.json"
_MATRIX = ("data", "indices", "indptr")
_QUESTIONS_PER_PRODUCT = 64


@dataclass(frozen=True, eq=False)
class TfidfIndex(SparseIndex):
    """The weights of all features in all passages.

    Attributes:
        header: Which passages these are and how texts were taken apart.
        vocabulary: The place of every token.
        ngrams: Every sequence of tokens.
        kept: The features that count, of ``ngrams``.
        idf: float32, of each kept feature.
        weights: float32; every passage has length 1. Shape: (kept features, passages)
    """

    method: ClassVar[str] = "tfidf"

    header: IndexHeader
    vocabulary: dict[str, int]
    ngrams: Ngrams
    kept: np.ndarray
    idf: np.ndarray
    weights: sparse.csr_matrix

    def score(self, questions: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yield for each question's tokens its cosine with every passage."""
        from sklearn.preprocessing import normalize

        remaining = iter(questions)
        while batch := list(islice(remaining, _QUESTIONS_PER_PRODUCT)):
            column = number_tokens(batch, lambda token: self.vocabulary.get(token, -1))
            counts = _only(count_ngrams(column, self.ngrams), self.kept)
            weighted = normalize(counts @ sparse.diags(self.idf))
            yield from (weighted @ self.weights).toarray()

    def save(self, folder: Path) -> None:
        """Write everything into an empty folder."""
        (folder / _VOCABULARY_FILE).write_text(json.dumps(list(self.vocabulary)), encoding="utf-8")
        for name, values in self._arrays().items():
            np.save(folder / f"{name}.npy", values, allow_pickle=False)
        self.header.save(folder)

    @property
    def n_bytes(self) -> int:
        """Size of its arrays."""
        return sum(int(array.nbytes) for array in self._arrays().values())

    def _arrays(self) -> dict[str, np.ndarray]:
        longer = {f"ngrams_{n}": values for n, values in enumerate(self.ngrams.longer, start=2)}
        matrix = {name: getattr(self.weights, name) for name in _MATRIX}
        return {"kept": self.kept, "idf": self.idf, **longer, **matrix}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder; the weights stay on disk and are read where they are used."""
        header = IndexHeader.load(folder)
        tokens = json.loads((folder / _VOCABULARY_FILE).read_text(encoding="utf-8"))
        arrays = {
            path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
            for path in folder.glob("*.npy")
        }
        longer = [arrays[name] for name in sorted(arrays) if name.startswith("ngrams_")]
        shape = (len(arrays["kept"]), len(header.passage_ids))
        return cls(
            header,
            {token: number for number, token in enumerate(tokens)},
            Ngrams(len(tokens), longer),
            arrays["kept"],
            arrays["idf"],
            sparse.csr_matrix(tuple(arrays[name] for name in _MATRIX), shape),
        )


def fit_tfidf(tokens: PassageTokens, params: RetrieverParams) -> TfidfIndex:
    """Work out the weights of all features.

    Args:
        tokens: Of all passages.
        params: A retriever with the name ``tfidf``.

    Raises:
        ValueError: No passage has a token.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    searched = tokens.searched(title=params.title)
    header = header_for(tokens, searched)
    ngrams = learn_ngrams(searched, len(tokens.vocabulary), params.max_ngram or 1)
    counts = count_ngrams(searched, ngrams)
    kept = _most_frequent(counts, params.max_features)
    transformer = TfidfTransformer()
    weights = transformer.fit_transform(_only(counts, kept)).T.tocsr()
    vocabulary = {token: number for number, token in enumerate(tokens.vocabulary)}
    return TfidfIndex(header, vocabulary, ngrams, kept, transformer.idf_, weights)


def _most_frequent(counts: sparse.csr_matrix, max_features: int | None) -> np.ndarray:
    """Return the features that occur most often, of equally frequent ones the first."""
    totals = np.asarray(counts.sum(axis=0)).ravel()
    order = np.argsort(-totals, kind="stable")
    return np.sort(order[:max_features][totals[order[:max_features]] > 0])


def _only(counts: sparse.csr_matrix, kept: np.ndarray) -> sparse.csr_matrix:
    """Return some columns; to pick all of them one by one would take as long as to count them."""
    return counts if len(kept) == counts.shape[1] else counts[:, kept]
