"""Padded batches against a loop that pads row by row."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from torch.utils.data import DataLoader

from klue_pipeline.training.batches import EncodedRows

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
    rows = encoded([[4, 5, 6], [8]])
    assert rows[1]["input_ids"].tolist() == [[8]]
    assert rows[1]["attention_mask"].tolist() == [[1]]


def test_rows_without_segments_give_none():
    assert "token_type_ids" not in encoded([[1]])[0]


@pytest.mark.parametrize("before", [0, 3])
def test_lengths(before):
    rows = encoded([[4, 5, 6], [8], [1, 1]], before=before)
    assert len(rows) == 3
    assert rows.lengths.tolist() == [3, 1, 2]


def test_a_loader_asks_for_whole_batches(monkeypatch):
    asked = []
    original = EncodedRows.__getitems__
    monkeypatch.setattr(
        EncodedRows,
        "__getitems__",
        lambda self, indices: asked.append(indices) or original(self, indices),
    )
    loader = DataLoader(
        encoded([[1], [2, 2], [3]]), batch_sampler=[[2, 1], [0]], collate_fn=lambda batch: batch
    )
    shapes = [tuple(batch["input_ids"].shape) for batch in loader]
    assert asked == [[2, 1], [0]]
    assert shapes == [(2, 2), (1, 1)]
