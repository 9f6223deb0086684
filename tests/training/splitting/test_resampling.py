"""How many rows each label gets, and that synthetic rows lie where SMOTE puts them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.training.splitting.resampling import (
    add_synthetic_rows,
    counts_after_smote,
    legacy_seed,
    rows_wanted,
)


def clusters(sizes, width=4, seed=0):
    """Vectors around a centre of their own for each label, in random order."""
    generator = np.random.default_rng(seed)
    label_ids = generator.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    vectors = 100.0 * label_ids[:, None] + generator.normal(size=(len(label_ids), width))
    return vectors.astype(np.float32), label_ids


@pytest.mark.parametrize(
    ("counts", "share", "wanted"), [([900, 20], 0.1, 90), ([5, 7], 1.0, 7), ([3], 0.01, 1)]
)
def test_rows_wanted_are_a_share_of_the_most_frequent_label(counts, share, wanted):
    assert rows_wanted(counts, share) == wanted


def test_seeds_of_any_size_are_legal_and_tell_apart():
    seeds = [legacy_seed(seed) for seed in (0, 1, 42, 2**32, 2**70)]
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert legacy_seed(42) == seeds[2]


def test_every_label_is_brought_up_to_the_share():
    vectors, label_ids = clusters([60, 30, 8, 3])
    grown, labels = add_synthetic_rows(vectors, label_ids, 5, 0.25, seed=1)
    assert np.bincount(labels).tolist() == [60, 30, 15, 15]
    assert grown.dtype == np.float32
    assert labels.dtype == np.int64
    # The rows given come first, as they were.
    np.testing.assert_array_equal(grown[: len(vectors)], vectors)
    np.testing.assert_array_equal(labels[: len(vectors)], label_ids)


def test_a_synthetic_row_lies_between_a_row_and_one_of_its_nearest_of_the_label():
    vectors, label_ids = clusters([40, 12], width=3)
    grown, labels = add_synthetic_rows(vectors, label_ids, 2, 1.0, seed=3)
    own = vectors[label_ids == 1].astype(np.float64)
    distances = np.linalg.norm(own[:, None] - own[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:3]  # (12, 2)
    starts, ends = own.repeat(2, axis=0), own[nearest.ravel()]
    for row, label in zip(grown[52:], labels[52:], strict=True):
        assert label == 1
        along = ends - starts
        step = ((row - starts) * along).sum(axis=1) / (along**2).sum(axis=1)
        miss = np.linalg.norm(starts + step[:, None] * along - row, axis=1)
        assert ((miss < 1e-4) & (step > -1e-4) & (step < 1 + 1e-4)).any()
    assert len(np.unique(grown[52:], axis=0)) == 28


@pytest.mark.parametrize(
    ("sizes", "grown_sizes", "few", "alone"),
    [
        ([20, 3, 2], [20, 10, 10], 2, 0),
        ([20, 1, 6], [20, 1, 10], 0, 1),
        ([20, 1, 2, 30], [20, 1, 15, 30], 1, 1),
    ],
)
def test_labels_with_few_rows_use_those_they_have(sizes, grown_sizes, few, alone, caplog):
    _, labels = add_synthetic_rows(*clusters(sizes), 5, 0.5, seed=0)
    assert np.bincount(labels).tolist() == grown_sizes
    (said,) = caplog.messages
    assert f"{few} labels have fewer rows than 5 neighbours" in said
    assert f"{alone} labels have a single row" in said


@given(
    sizes=st.lists(st.integers(0, 25), min_size=1, max_size=6).filter(any),
    share=st.floats(0.01, 1),
    neighbours=st.integers(1, 6),
)
@settings(deadline=None, max_examples=60)
def test_counts_are_those_promised_before_anything_is_computed(sizes, share, neighbours):
    grown, labels = add_synthetic_rows(*clusters(sizes), neighbours, share, seed=0)
    found = np.bincount(labels, minlength=len(sizes))
    assert found.tolist() == counts_after_smote(np.array(sizes), share).tolist()
    # Labels are 100 apart, so a row made of two labels would stand out.
    np.testing.assert_allclose(grown.mean(axis=1), 100 * labels, atol=10)


def test_the_seed_decides():
    rows = clusters([30, 10])
    first, again, other = (add_synthetic_rows(*rows, 3, 1.0, seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
