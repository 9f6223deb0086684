"""Batches by tokens: the budget is kept, every row comes, and epochs have the same number."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.training.batches import EncodedRows, LengthGroupedBatchSampler
from klue_pipeline.training.tokens.token_budget import (
    TokenBudgetBatchSampler,
    count_batches,
    order_by_length,
)


def rows_of(lengths, labels=None):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    columns = {} if labels is None else {"labels": np.asarray(labels)}
    return EncodedRows(np.zeros(offsets[-1], dtype=np.int8), None, offsets, columns, 0)


def batches_of(sampler, epoch):
    sampler.set_epoch(epoch)
    return list(sampler)


def tokens_of(lengths, batch):
    return len(batch) * max(lengths[row] for row in batch)


@dataclass
class Case:
    """What a sampler is made of."""

    lengths: list[int]
    budget: int
    seed: int
    epochs: int
    group: bool
    balance: float

    def sampler(self):
        return TokenBudgetBatchSampler(
            np.array(self.lengths), self.budget, self.seed, self.epochs,
            group_by_length=self.group, label_balance=self.balance,
            label_ids=np.arange(len(self.lengths)) % 3 // 2,
        )  # fmt: skip


cases = st.builds(
    Case,
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=300),
    budget=st.integers(1, 300),
    seed=st.integers(0, 2**32),
    epochs=st.integers(1, 5),
    group=st.booleans(),
    balance=st.sampled_from([0.0, 0.0, 1.0]),
)


@given(cases)
@settings(deadline=None)
def test_every_epoch_has_its_rows_in_as_many_batches_within_the_budget(case):
    sampler = case.sampler()
    for epoch in range(case.epochs):
        batches = batches_of(sampler, epoch)
        assert len(batches) == len(sampler)
        rows = sorted(row for batch in batches for row in batch)
        assert len(rows) == len(case.lengths)
        if not case.balance:
            assert rows == list(range(len(case.lengths)))
        for batch in batches:
            assert tokens_of(case.lengths, batch) <= case.budget or len(batch) == 1
        # Another process that goes on with this epoch alone sees the same batches.
        assert batches_of(case.sampler(), epoch) == batches


@pytest.fixture(scope="module")
def skewed_lengths():
    """Lengths as KLUE-RE's: a mean near 60 tokens and a tail to 256."""
    drawn = np.random.default_rng(0).lognormal(4.0, 0.5, 5000)
    return np.clip(drawn, 12, 256).astype(np.int64)


def test_batches_are_full_and_hold_hardly_any_padding(skewed_lengths):
    sampler = TokenBudgetBatchSampler(skewed_lengths, 2048, 42, 3)
    for epoch in range(3):
        batches = batches_of(sampler, epoch)
        padded = [tokens_of(skewed_lengths, batch) for batch in batches]
        assert sum(padded) < 1.03 * skewed_lengths.sum()
        assert np.mean(padded) > 0.9 * 2048
        by_rows = batches_of(LengthGroupedBatchSampler(skewed_lengths, 33, 42), epoch)
        assert max(padded) < 0.5 * max(tokens_of(skewed_lengths, batch) for batch in by_rows)
    assert batches_of(sampler, 0) != batches_of(sampler, 1)


def test_settings_choose_the_order(training_params):
    rows = rows_of([4, 8, 2, 6, 3, 9], labels=[0, 0, 0, 0, 0, 1])
    assert len(order_by_length(rows, training_params(batch_size=4))) == 2
    budget = {"tokens_per_batch": 64, "max_tokens": 64, "batch_size": 1}
    assert len(order_by_length(rows, training_params(**budget))) == 1
    balanced = order_by_length(rows, training_params(**budget, label_balance=1.0))
    assert sum(row == 5 for row in batches_of(balanced, 0)[0]) == 3


@pytest.mark.parametrize(
    ("changes", "count", "wanted"),
    [
        ({"batch_size": 8}, 25, 4),
        ({"batch_size": 8}, 24, 3),
        ({"tokens_per_batch": 64}, 60, 10),  # six rows of ten tokens
        ({"tokens_per_batch": 64}, 30, 5),
        ({"tokens_per_batch": 64}, 31, 6),
        ({"tokens_per_batch": 64}, 120, 20),
    ],
)
def test_batches_of_so_many_rows(training_params, changes, count, wanted):
    assert count_batches(count, rows_of([10] * 60), training_params(**changes)) == wanted


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens_per_batch": 63}, "63, which a row of max_tokens=64 tokens exceeds alone"),
        (
            {
                "tokens_per_batch": 64, "freeze": "encoder", "smote_neighbours": 5,
                "smote_target_share": 0.2,
            },
            "no tokens to count; leave tokens_per_batch out",
        ),
    ],
)  # fmt: skip
def test_a_budget_that_cannot_be_is_refused(training_params, changes, message):
    with pytest.raises(ValueError, match=message):
        training_params(**changes)
