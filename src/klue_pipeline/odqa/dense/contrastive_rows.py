"""Batches of questions with their passages, each question's negatives being the others'.

No two passages of a batch are of one group, and none that is gold for a question counts as wrong.
Which questions meet, and which hard negatives are drawn, is a function of seed and epoch alone, so
that a resumed training has the batches of an unbroken one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Sampler

from klue_pipeline.training.batches import Batch, EncodedRows

Ragged = list[NDArray[np.int64]]
"""For each question some passages, or groups."""


@dataclass(frozen=True)
class QuestionPassages:
    """Questions and what is known of their passages, by place in ``passages``.

    Attributes:
        questions: Token ids.
        passages: Token ids.
        groups: Number of each passage's group. Shape: (passages,).
        positives: The gold passage of each question. Shape: (questions,).
        gold_groups: Groups of all gold passages of each question.
        negatives: Hard negatives of each question, best first.
    """

    questions: EncodedRows
    passages: EncodedRows
    groups: NDArray[np.int64]
    positives: NDArray[np.int64]
    gold_groups: Ragged
    negatives: Ragged

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.questions)


class ContrastiveRows(EncodedRows):
    """Questions whose batches come with passages.

    Args:
        pairs: Questions and passages.
        hard_negatives: To draw for each question; fewer where it has fewer.
        seed: Draws them.
    """

    def __init__(self, pairs: QuestionPassages, hard_negatives: int, seed: int) -> None:
        super().__init__(**vars(pairs.questions))
        self._pairs, self._hard_negatives, self._seed, self._epoch = pairs, hard_negatives, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose negatives the next batches have; accelerate calls this."""
        self._epoch = epoch

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return questions as one batch with the passages that they are compared with.

        Returns:
            ``input_ids`` and ``attention_mask`` of the questions; ``passage_input_ids`` and
            ``passage_attention_mask``; ``labels``, the column of each question's gold passage;
            ``ignored``, true where a passage counts neither as right nor as wrong, of shape
            (questions, passages); and ``weights``, all one.
        """
        pairs = self._pairs
        drawn = [pairs.positives[indices], *map(self._draw, indices)]
        columns, labels = _one_of_each_group(np.concatenate(drawn), pairs.groups, len(indices))
        groups = pairs.groups[columns]
        ignored = np.stack([np.isin(groups, pairs.gold_groups[index]) for index in indices])
        ignored[np.arange(len(indices)), labels] = False
        passages = pairs.passages.__getitems__(columns.tolist())
        return {
            **super().__getitems__(indices),
            **{f"passage_{name}": values for name, values in passages.items()},
            "labels": torch.from_numpy(labels),
            "ignored": torch.from_numpy(ignored),
            "weights": torch.ones(len(indices)),
        }

    def _draw(self, index: int) -> NDArray[np.int64]:
        found = self._pairs.negatives[index]
        generator = np.random.default_rng([self._seed, self._epoch, index])
        return generator.choice(found, min(self._hard_negatives, len(found)), replace=False)


def _one_of_each_group(
    drawn: NDArray[np.int64], groups: NDArray[np.int64], n_positives: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep the first passage of each group; return them and where the positives' groups are."""
    _, firsts, inverse = np.unique(groups[drawn], return_index=True, return_inverse=True)
    kept = np.sort(firsts)
    return drawn[kept], np.searchsorted(kept, firsts[inverse[:n_positives]])


class DistinctGroupBatchSampler(Sampler[list[int]]):
    """Draw batches in which every row is of another group.

    Rows are dealt out to all batches in turn, those of a group one after the other, groups and
    their rows in random order. So no batch gets two rows of a group, all batches are of equal size
    but for one row, and their number is the same in every epoch.

    Args:
        group_ids: Group of each row. Shape: (rows,).
        batch_size: Most rows of a batch; fewer where a group has more rows than there would be
            batches.
        seed: Seed of the order.
    """

    def __init__(self, group_ids: NDArray[np.int64], batch_size: int, seed: int) -> None:
        self._groups = np.unique(group_ids, return_inverse=True)[1]
        largest = int(np.bincount(self._groups).max())
        self._n_batches = max(math.ceil(len(group_ids) / batch_size), largest)
        self.batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration yields; accelerate calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._n_batches

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the row indices of each batch of the current epoch."""
        generator = np.random.default_rng([self._seed, self._epoch])
        of_groups = generator.permutation(int(self._groups.max()) + 1)[self._groups]
        order = np.lexsort((generator.random(len(self._groups)), of_groups))
        for number in generator.permutation(self._n_batches):
            yield order[number :: self._n_batches].tolist()
