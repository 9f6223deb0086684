"""Batches: every row once, an order of seed and epoch alone, and little padding."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.training.sampler import LengthGroupedBatchSampler


def batches_of(lengths, batch_size, seed=42, epoch=0, **options):
    sampler = LengthGroupedBatchSampler(np.asarray(lengths), batch_size, seed, **options)
    sampler.set_epoch(epoch)
    return list(sampler)


def padding_share(lengths, batches):
    cells = sum(lengths[batch].max() * len(batch) for batch in batches)
    return 1 - lengths.sum() / cells


@pytest.fixture(scope="module")
def skewed_lengths():
    """Lengths as KLUE-RE's: a mean near 60 tokens and a tail to 256."""
    drawn = np.random.default_rng(0).lognormal(4.0, 0.5, 5000)
    return np.clip(drawn, 12, 256).astype(np.int64)


@given(
    st.lists(st.integers(1, 512), min_size=1, max_size=300),
    st.integers(1, 40),
    st.integers(0, 2**32),
    st.integers(0, 1000),
    st.booleans(),
)
@settings(deadline=None)
def test_every_row_comes_once_and_only_one_batch_is_short(lengths, batch_size, seed, epoch, group):
    batches = batches_of(lengths, batch_size, seed, epoch, group_by_length=group)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    sizes = sorted((len(batch) for batch in batches), reverse=True)
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= batch_size
    assert len(LengthGroupedBatchSampler(np.array(lengths), batch_size, seed)) == len(batches)


@pytest.mark.parametrize("group_by_length", [True, False])
def test_order_is_a_function_of_seed_and_epoch_alone(skewed_lengths, group_by_length):
    def draw(seed, epoch):
        return batches_of(skewed_lengths, 32, seed, epoch, group_by_length=group_by_length)

    first = draw(1, 3)
    for seed_everything in (random.seed, np.random.seed, torch.manual_seed):
        seed_everything(99)
    assert draw(1, 3) == first
    assert draw(1, 4) != first
    assert draw(2, 3) != first
    assert draw(3, 1) != first


def test_an_epoch_can_be_entered_again_whatever_was_drawn_before(skewed_lengths):
    sampler = LengthGroupedBatchSampler(skewed_lengths, 32, seed=5)
    sampler.set_epoch(2)
    wanted = list(sampler)
    sampler.set_epoch(0)
    next(iter(sampler))
    sampler.set_epoch(2)
    assert list(sampler) == wanted


def test_drawing_leaves_the_global_generators_alone(skewed_lengths):
    torch.manual_seed(0)
    wanted = torch.rand(1)
    torch.manual_seed(0)
    batches_of(skewed_lengths, 32)
    assert torch.rand(1) == wanted


@pytest.mark.parametrize("batch_size", [8, 32, 64])
def test_grouping_leaves_hardly_any_padding(skewed_lengths, batch_size):
    grouped = padding_share(skewed_lengths, batches_of(skewed_lengths, batch_size))
    by_chance = batches_of(skewed_lengths, batch_size, group_by_length=False)
    assert grouped < 0.05
    assert padding_share(skewed_lengths, by_chance) > 0.3


def test_grouping_does_not_walk_from_short_to_long(skewed_lengths):
    """Short and long batches take turns, else the model would see sorted data."""
    longest = np.array([skewed_lengths[batch].max() for batch in batches_of(skewed_lengths, 32)])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3


def test_rows_change_their_company_between_epochs(skewed_lengths):
    """Batches are drawn anew, not only shuffled."""
    first, second = (
        {frozenset(batch) for batch in batches_of(skewed_lengths, 32, epoch=epoch)}
        for epoch in (0, 1)
    )
    assert not first & second
