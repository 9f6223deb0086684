"""Questions against an index of tokens: for each the passages that share most with it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from klue_pipeline.odqa.passages.run_table import best_passages, make_run
from klue_pipeline.odqa.sparse.index_header import IndexHeader
from klue_pipeline.odqa.tokens.passage_tokens import hash_tokenizer
from klue_pipeline.odqa.tokens.tokenizers import tokenise
from klue_pipeline.training.tokenizer import Tokenizer


class SparseIndex(ABC):
    """An index that scores passages by tokens."""

    method: ClassVar[str]
    """The retriever's name in the settings."""
    header: IndexHeader
    """Which passages it holds and how texts are taken apart."""
    report: ClassVar[Mapping[str, Any]] = {}
    """What a search has to say of itself; nothing here, as dense ones have."""

    @abstractmethod
    def score(self, questions: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yield the score of every passage for each question's tokens."""

    @property
    @abstractmethod
    def n_bytes(self) -> int:
        """Size of its arrays."""

    def search(
        self, questions: pd.DataFrame, top_k: int, tokenizer: Tokenizer | None = None
    ) -> pd.DataFrame:
        """Find the passages that score best; see :func:`search`."""
        return search(self, questions, top_k, tokenizer)


def search(
    index: SparseIndex,
    questions: pd.DataFrame,
    top_k: int,
    tokenizer: Tokenizer | None = None,
) -> pd.DataFrame:
    """Find the passages that score best, equal ones in the order of the passages.

    A passage that shares no weighted token with a question is not found by it, so that a question
    may have fewer than ``top_k`` rows, or none.

    Args:
        index: Of all passages.
        questions: With ``question_id`` and ``question``.
        top_k: Passages of a question at most; may be more than there are.
        tokenizer: The encoder's, for an index of ``wordpiece`` tokens.

    Returns:
        A run (:class:`~klue_pipeline.odqa.ingest.schema.Run`).

    Raises:
        ValueError: The tokenizer is not that of the index.
    """
    origin = index.header.origin
    if hash_tokenizer(origin.name, tokenizer) != origin.tokenizer_hash:
        raise ValueError(
            "The index was made with another encoder's tokenizer than the questions; make the "
            "index again with this one."
        )
    tokens = tokenise(questions["question"], origin.name, tokenizer)
    found = (best_passages(scores, top_k) for scores in index.score(tokens))
    return make_run(questions["question_id"].tolist(), found, index.header.passage_ids)
