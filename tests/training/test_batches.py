"""Padded batches against a loop that pads row by row; an order of seed and epoch alone.

With balanced labels: every label as often as wanted.
"""

import hashlib
import json
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from klue_pipeline.training.batches import EncodedRows, LengthGroupedBatchSampler, draw_rows

PADDING = 9


def encoded(rows, segments=None, columns=None, *, before=0):
    """Rows of token ids as one flat array that may start with ``before`` foreign tokens."""
    offsets = before + np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    flat = [7] * before + [token for row in rows for token in row]
    types = None
    if segments is not None:
        types = np.array([1] * before + [s for row in segments for s in row], dtype=np.int8)
    return EncodedRows(
        np.array(flat, dtype=np.int32), types, offsets.astype(np.int32), columns or {}, PADDING
    )


def pad_naively(rows, indices, padding):
    width = max(len(rows[index]) for index in indices)
    return [[*rows[index], *[padding] * (width - len(rows[index]))] for index in indices]


@st.composite
def rows_and_indices(draw):
    rows = draw(st.lists(st.lists(st.integers(0, 30_000), min_size=1, max_size=12), min_size=1))
    indices = draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
    return rows, indices, draw(st.integers(0, 5))


@given(rows_and_indices())
@settings(deadline=None)
def test_batches_equal_a_naive_loop(case):
    rows, indices, before = case
    segments = [[position % 2 for position, _ in enumerate(row)] for row in rows]
    batch = encoded(rows, segments, before=before).__getitems__(indices)
    assert batch["input_ids"].tolist() == pad_naively(rows, indices, PADDING)
    assert batch["token_type_ids"].tolist() == pad_naively(segments, indices, 0)
    ones = [[1] * len(row) for row in rows]
    assert batch["attention_mask"].tolist() == pad_naively(ones, indices, 0)
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_columns_follow_their_rows(data):
    count = data.draw(st.integers(1, 20))
    columns = {
        "positions": data.draw(npst.arrays(np.int64, (count, 4))),
        "weights": data.draw(npst.arrays(np.float32, count, elements=st.floats(0, 4, width=32))),
    }
    indices = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=6))
    batch = encoded([[1, 2]] * count, columns=columns).__getitems__(indices)
    for name, values in columns.items():
        np.testing.assert_array_equal(batch[name].numpy(), values[indices])
    assert (batch["positions"].dtype, batch["weights"].dtype) == (torch.int64, torch.float32)


def test_a_batch_is_a_copy():
    """Changing a batch in place, as a trainer may, leaves the rows as they are."""
    rows = encoded([[1, 2], [3]], columns={"labels": np.array([0, 1])})
    batch = rows.__getitems__([0, 1])
    for tensor in batch.values():
        tensor.fill_(5)
    assert rows.__getitems__([0, 1])["input_ids"].tolist() == [[1, 2], [3, PADDING]]
    assert rows.columns["labels"].tolist() == [0, 1]


def test_one_row_is_a_batch_of_one():
    batch = encoded([[4, 5, 6], [8]])[1]
    assert {name: values.tolist() for name, values in batch.items()} == {
        "input_ids": [[8]],
        "attention_mask": [[1]],
    }


@pytest.mark.parametrize("before", [0, 3])
def test_lengths(before):
    rows = encoded([[4, 5, 6], [8], [1, 1]], before=before)
    assert len(rows) == 3
    assert rows.lengths.tolist() == [3, 1, 2]


def batches_of(lengths, batch_size, seed=42, epoch=0, **options):
    sampler = LengthGroupedBatchSampler(np.asarray(lengths), batch_size, seed, **options)
    sampler.set_epoch(epoch)
    return list(sampler)


def padding_share(lengths, batches):
    cells = sum(lengths[batch].max() * len(batch) for batch in batches)
    return 1 - sum(lengths[batch].sum() for batch in batches) / cells


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


def test_drawing_leaves_the_global_generators_alone(skewed_lengths):
    torch.manual_seed(0)
    wanted = torch.rand(1)
    torch.manual_seed(0)
    batches_of(skewed_lengths, 32)
    assert torch.rand(1) == wanted


@pytest.mark.parametrize("batch_size", [8, 64])
def test_grouping_leaves_hardly_any_padding(skewed_lengths, batch_size):
    balanced = {"label_ids": np.arange(5000) % 7 // 6, "label_balance": 1.0}
    for options in ({}, balanced):
        grouped = batches_of(skewed_lengths, batch_size, **options)
        assert padding_share(skewed_lengths, grouped) < 0.05
    by_chance = batches_of(skewed_lengths, batch_size, group_by_length=False)
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


@pytest.mark.parametrize(
    ("group_by_length", "few", "many"),
    [
        (True, [[1, 6, 5, 9], [10, 4, 8], [3, 2, 7, 0]], "e6393b786cae0878"),
        (False, [[5, 4, 3, 8], [9, 0, 6], [2, 7, 1, 10]], "de4484f5e0f9e625"),
    ],
)
def test_without_balance_the_order_is_the_one_of_earlier_versions(group_by_length, few, many):
    """Else nobody could repeat a run, or go on with one; written down before balance existed."""
    lengths = [9, 3, 7, 7, 12, 5, 3, 8, 40, 6, 11]
    options = {"group_by_length": group_by_length, "label_ids": np.arange(11) % 3}
    assert batches_of(lengths, 4, seed=42, epoch=3, **options) == few
    lengths = np.random.default_rng(0).integers(5, 100, 3000)
    order = json.dumps(batches_of(lengths, 8, seed=7, epoch=2, group_by_length=group_by_length))
    assert hashlib.sha256(order.encode()).hexdigest().startswith(many)


def drawn_labels(label_ids, balance, seed=0):
    rows = draw_rows(label_ids, balance, np.random.default_rng(seed))
    return np.bincount(label_ids[rows], minlength=label_ids.max() + 1)


def test_labels_are_drawn_as_often_as_their_frequency_to_a_power():
    label_ids = np.repeat([0, 1, 2], [900, 90, 9])
    assert drawn_labels(label_ids, 0.0).tolist() == [900, 90, 9]
    assert drawn_labels(label_ids, 1.0).tolist() == [333, 333, 333]
    wanted = np.sqrt([900, 90, 9]) * 999 / np.sqrt([900, 90, 9]).sum()
    np.testing.assert_allclose(drawn_labels(label_ids, 0.5), wanted, atol=1)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=200),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
@settings(deadline=None)
def test_every_row_is_drawn_within_one_of_its_share(labels, balance, seed):
    label_ids = np.array(labels)
    rows = draw_rows(label_ids, balance, np.random.default_rng(seed))
    assert len(rows) == len(labels)
    weights = np.bincount(label_ids)[label_ids] ** -balance
    expected = len(labels) * weights / weights.sum()
    found = np.bincount(rows, minlength=len(labels))
    assert (np.abs(found - expected) < 1 + 1e-6).all()
    by_label = [
        np.abs((found - expected)[label_ids == label].sum()) for label in np.unique(label_ids)
    ]
    assert max(by_label) < 1 + 1e-6


def test_over_many_epochs_every_row_of_a_label_comes_alike():
    label_ids = np.repeat([0, 1], [40, 10])
    found = sum(
        np.bincount(draw_rows(label_ids, 1.0, np.random.default_rng(seed)), minlength=50)
        for seed in range(1000)
    )
    np.testing.assert_allclose(found / 1000, np.repeat([25 / 40, 25 / 10], [40, 10]), atol=0.08)


def test_labels_of_one_batch_are_mixed(skewed_lengths):
    """Rows of a label must not stand together, though they are drawn side by side."""
    label_ids = np.arange(5000) % 2
    options = {"label_ids": label_ids, "label_balance": 1.0, "group_by_length": False}
    shares = [label_ids[batch].mean() for batch in batches_of(skewed_lengths, 32, **options)]
    assert 0.05 < min(shares) < max(shares) < 0.95


@pytest.mark.parametrize("label_ids", [None, np.zeros(4, dtype=np.int64)])
def test_balance_without_a_label_for_every_row_is_refused(label_ids):
    with pytest.raises(ValueError, match=r"label id of each of the 5 rows; found [04]\."):
        LengthGroupedBatchSampler(np.ones(5), 2, 0, label_ids=label_ids, label_balance=0.5)
