"""Batches of as many rows as a budget of tokens holds, padding included.

A batch of so many rows is as large as its longest row makes it: one of long rows needs several
times the memory and the time of one of short rows, and the longest rows decide how many fit a
device. Batches of so many tokens are alike.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.training.batches import (
    BatchOrder,
    EncodedRows,
    LengthGroupedBatchSampler,
)
from klue_pipeline.training.params import TrainingParams


def order_by_length(rows: EncodedRows, params: TrainingParams) -> BatchOrder:
    """Return the order in which a training has its rows where nothing but length decides it.

    Args:
        rows: What trains; a column ``labels`` is what ``label_balance`` balances.
        params: ``tokens_per_batch`` or, without it, ``batch_size``; ``group_by_length``,
            ``label_balance``, ``seed``, ``epochs``.
    """
    options: dict[str, Any] = {
        "group_by_length": params.group_by_length,
        "label_ids": rows.columns.get("labels"),
        "label_balance": params.label_balance,
    }
    if params.tokens_per_batch is None:
        return LengthGroupedBatchSampler(rows.lengths, params.batch_size, params.seed, **options)
    return TokenBudgetBatchSampler(
        rows.lengths, params.tokens_per_batch, params.seed, params.epochs, **options
    )


def count_batches(count: int, rows: EncodedRows, params: TrainingParams) -> int:
    """Return the batches of an epoch that has so many rows.

    Args:
        count: Number of rows.
        rows: Rows like these, which may be more or fewer. Of batches by tokens the number of an
            epoch follows from them in proportion.
        params: As :func:`order_by_length` takes them.
    """
    if params.tokens_per_batch is None:
        return math.ceil(count / params.batch_size)
    return math.ceil(count * len(order_by_length(rows, params)) / len(rows))


class TokenBudgetBatchSampler(LengthGroupedBatchSampler):
    """Draw batches of rows of similar lengths that hold a number of tokens at most.

    An epoch's rows come as in :class:`LengthGroupedBatchSampler` and are cut into batches of as
    many as the budget holds, so that their number would differ from epoch to epoch. Schedules and
    whatever else counts steps need one number: it is that of the epoch with the most batches, which
    is counted beforehand, and in other epochs the largest batches are halved until they have as
    many. The batches are a function of seed, epoch and the number of epochs.

    Args:
        lengths: Tokens of each row. Shape: (rows,).
        tokens_per_batch: Most tokens of a batch, padding included; a row that is longer is a batch
            of its own.
        seed: Seed of the order.
        epochs: Epochs of the whole training.
        group_by_length: False leaves the rows of a batch to chance.
        label_ids: Label of each row, for ``label_balance``. Shape: (rows,).
        label_balance: From 0 (every row once an epoch) to 1 (every label equally often).

    Raises:
        ValueError: There is not one label for each row to balance.
    """

    def __init__(  # noqa: PLR0913 (each is a thing of its own)
        self,
        lengths: NDArray[np.integer],
        tokens_per_batch: int,
        seed: int,
        epochs: int,
        *,
        group_by_length: bool = True,
        label_ids: NDArray[np.generic] | None = None,
        label_balance: float = 0.0,
    ) -> None:
        super().__init__(
            lengths,
            max(1, int(tokens_per_batch / lengths.mean())),
            seed,
            group_by_length=group_by_length,
            label_ids=label_ids,
            label_balance=label_balance,
        )
        self._tokens_per_batch = tokens_per_batch
        self._n_batches = 0
        self._n_batches = max(len(self._draw_batches(epoch)[0]) for epoch in range(epochs))

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._n_batches

    def _cut(self, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        starts = cut_by_tokens(self._lengths[order], self._tokens_per_batch)
        return _halve_largest(np.split(order, starts[1:]), self._n_batches)

    def _sort_pools(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        # Every other pool is sorted from long to short, so that a batch with rows of two pools has
        # the long ones of both, or the short ones.
        pool = self._pools(len(order))
        return order[np.lexsort((self._lengths[order] * (1 - 2 * (pool % 2)), pool))]


def cut_by_tokens(
    lengths: NDArray[np.integer], tokens: int, most_rows: int | None = None
) -> list[int]:
    """Return where batches begin that are as large as the budget lets them be, one by one.

    Args:
        lengths: Tokens of each row, in the order of the batches. Shape: (rows,).
        tokens: Most tokens of a batch, padding included; a longer row is a batch of its own.
        most_rows: Most rows of a batch.
    """
    by_tokens = max(1, tokens // max(1, int(lengths.min())))
    most_rows = by_tokens if most_rows is None else min(most_rows, by_tokens)
    starts, end = [0], 0
    while True:
        following = lengths[end : end + most_rows]
        padded = np.maximum.accumulate(following) * np.arange(1, len(following) + 1)
        end += max(1, int(np.searchsorted(padded, tokens, side="right")))
        if end >= len(lengths):
            return starts
        starts.append(end)


def _halve_largest(batches: list[NDArray[np.int64]], wanted: int) -> list[NDArray[np.int64]]:
    while len(batches) < wanted:
        place = int(np.argmax([len(batch) for batch in batches]))
        batches[place : place + 1] = np.array_split(batches[place], 2)
    return batches
