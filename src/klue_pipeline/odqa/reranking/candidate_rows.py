"""Batches of questions for a cross-encoder, each with its gold passage and some wrong ones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from klue_pipeline.odqa.dense.texts import encode_rows
from klue_pipeline.odqa.reranking.cross_encoder import Reranker
from klue_pipeline.training.batches import Batch, EncodedRows

NO_CANDIDATE = -1
"""Fills up where a question has fewer candidates than others of its batch."""


Choice = Callable[[NDArray[np.int64], int, int], NDArray[np.int64]]
"""(wrong passages of a question, epoch, question) -> those of them that a batch has."""


@dataclass(frozen=True)
class QuestionCandidates:
    """Questions with their passages, as texts.

    Attributes:
        questions: As the model reads them.
        passages: As the model reads them.
        gold: Place of each question's gold passage in ``passages``. Shape: (questions,).
        negatives: Places of each question's wrong passages, best first; at least one.
    """

    questions: list[str]
    passages: list[str]
    gold: NDArray[np.int64]
    negatives: list[NDArray[np.int64]]


class CandidateRows(EncodedRows):
    """Questions whose batches are pairs with their candidates; encoded batch by batch.

    Args:
        known: Questions and passages.
        reranker: Whose tokenizer encodes.
        max_tokens: Longest pair.
        choose: Which wrong passages of a question a batch has.
    """

    def __init__(
        self, known: QuestionCandidates, reranker: Reranker, max_tokens: int, choose: Choice
    ) -> None:
        super().__init__(**vars(encode_rows(known.questions, reranker.tokenizer, max_tokens)))
        self._known, self._reranker, self._max_tokens = known, reranker, max_tokens
        self._choose, self._epoch = choose, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose negatives the next batches have; accelerate calls this."""
        self._epoch = epoch

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return questions as one batch of pairs.

        Returns:
            What the model takes, for all pairs of the batch; ``candidates``, the pairs of each
            question, the gold one first, filled up with ``NO_CANDIDATE``, of shape (questions,
            candidates); and ``weights``, all one, of shape (questions,).
        """
        chosen = [
            np.append(self._known.gold[i], self._choose(self._known.negatives[i], self._epoch, i))
            for i in indices
        ]
        sizes = np.array([len(each) for each in chosen])
        questions = np.repeat(indices, sizes)
        rows = encode_rows(
            [self._known.questions[index] for index in questions],
            self._reranker.tokenizer,
            self._max_tokens,
            seconds=[self._known.passages[place] for place in np.concatenate(chosen)],
            segments=self._reranker.segments,
        )
        candidates = np.full((len(indices), sizes.max()), NO_CANDIDATE)
        candidates[np.arange(sizes.max()) < sizes[:, None]] = np.arange(sizes.sum())
        return {
            **rows.__getitems__(list(range(len(rows)))),
            "candidates": torch.from_numpy(candidates),
            "weights": torch.ones(len(indices)),
        }
