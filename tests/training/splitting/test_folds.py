"""Splits: every strategy's promise, as properties over random tables, and bad input."""

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.folds import (
    SPLITTERS,
    RowsToSplit,
    split_rows,
    strata_of_rows,
)


def folds(strategy, n_splits=3, **changes):
    values = {"strategy": strategy, "n_splits": n_splits, "seed": 42, "validation_share": 0.2}
    return FoldsParams(**values | changes)


def rows_of(labels, groups=None, given_fold=None):
    groups = range(len(labels)) if groups is None else groups
    return RowsToSplit(np.array(list(labels), dtype=object), np.array(groups), given_fold)


@st.composite
def tables(draw):
    """Rows with up to 8 labels of very uneven frequency, and groups of uneven size."""
    n_rows = draw(st.integers(2, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_labels, n_groups = draw(st.integers(1, 8)), draw(st.integers(1, n_rows))
    label_ids = np.minimum(random.geometric(0.4, n_rows), n_labels)
    groups = np.minimum(random.geometric(2 / n_groups if n_groups > 2 else 0.9, n_rows), n_groups)
    return rows_of([f"label_{number}" for number in label_ids], groups)


@given(tables(), st.sampled_from(["stratified", "kfold", "stratified_group"]), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_k_folds_partition_the_rows(rows, strategy, n_splits):
    units = len(np.unique(rows.groups)) if strategy == "stratified_group" else len(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if units < n_splits:
            with pytest.raises(ValueError, match=f"cannot make {n_splits} folds of {units} "):
                split_rows(rows, folds(strategy, n_splits))
            return
        parts = split_rows(rows, folds(strategy, n_splits))
    assert len(parts) == n_splits
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    if strategy == "stratified_group":
        folds_of_group = [set(rows.groups[part].tolist()) for part in parts]
        assert sum(map(len, folds_of_group)) == units
    else:
        assert max(map(len, parts)) - min(map(len, parts)) <= n_splits


@given(tables(), st.integers(1, 5), st.floats(0.01, 0.99))
@settings(max_examples=60, deadline=None)
def test_shuffle_splits_have_the_right_size(rows, n_splits, share):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = split_rows(rows, folds("shuffle_split", n_splits, validation_share=share))
    wanted = min(max(round(len(rows) * share), 1), len(rows) - 1)
    assert [len(set(part.tolist())) for part in parts] == [wanted] * n_splits


def test_shuffle_splits_overlap_and_keep_the_label_mix():
    rows = rows_of(["a"] * 70 + ["b"] * 30)
    parts = split_rows(rows, folds("shuffle_split", 5))
    assert [(rows.labels[part] == "b").sum() for part in parts] == [6] * 5
    assert len({tuple(part) for part in parts}) == 5
    assert len(set(np.concatenate(parts).tolist())) < 100


def test_holdout_is_one_stratified_draw():
    rows = rows_of(["a"] * 70 + ["b"] * 30)
    (part,) = split_rows(rows, folds("holdout", 1))
    assert len(part) == 20
    assert (rows.labels[part] == "b").sum() == 6


@pytest.mark.parametrize("strategy", sorted(SPLITTERS.keys() - {"given"}))
def test_the_seed_decides(strategy):
    random = np.random.default_rng(0)
    rows = rows_of(random.choice(["a", "b", "c"], 90).tolist(), random.integers(0, 40, 90))
    n_splits = 1 if strategy == "holdout" else 3

    def drawn(seed):
        return [part.tolist() for part in split_rows(rows, folds(strategy, n_splits, seed=seed))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert all(part == sorted(part) for part in drawn(1))


def test_balance_is_that_of_scikit_learn():
    random = np.random.default_rng(3)
    rows = rows_of(random.choice(["a", "b", "c"], 300, p=[0.6, 0.3, 0.1]).tolist())
    counts = pd.Series(rows.labels).value_counts()
    for strategy, groups in [("stratified", None), ("stratified_group", rows.groups)]:
        oracle = StratifiedKFold if groups is None else StratifiedGroupKFold
        splits = oracle(3, shuffle=True, random_state=42).split(rows.labels, rows.labels, groups)
        parts = split_rows(rows, folds(strategy))
        assert [part.tolist() for part in parts] == [part.tolist() for _, part in splits]
        for part in parts:
            held_out = pd.Series(rows.labels[part]).value_counts()
            assert (held_out - counts / 3).abs().max() <= 1


def test_rare_labels_are_pooled_and_named(caplog):
    labels = ["common"] * 20 + ["rare_a"] * 2 + ["rare_b"]
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        parts = split_rows(rows_of(labels), folds("stratified", 3))
    assert "fewer than 3 rows" in caplog.text
    assert "rare_b (1), rare_a (2)" in caplog.text
    rare = [sum(labels[place].startswith("rare") for place in part) for part in parts]
    assert rare == [1, 1, 1]


@pytest.mark.parametrize(
    ("labels", "pooled"),
    [
        ("abccdddddd", "abc"),  # together they are enough
        ("abbbbbcccccccc", "ab"),  # b, the rarest of the others, joins
        ("aaabbbb", ""),
        ("ab", "ab"),
    ],
)
def test_no_more_labels_are_pooled_than_needed(labels, pooled):
    strata = strata_of_rows(np.array(list(labels), dtype=object), 3)
    stratum_of_label = dict(zip(labels, strata.tolist(), strict=True))
    assert len({stratum_of_label[label] for label in pooled}) == min(len(pooled), 1)
    assert len(set(strata.tolist())) == len(set(labels)) - max(len(pooled) - 1, 0)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), st.integers(1, 10))
@settings(deadline=None)
def test_strata_are_large_enough_and_split_no_label(labels, wanted_rows):
    strata = pd.Series(strata_of_rows(np.array(labels, dtype=object), wanted_rows))
    assert strata.groupby(labels).nunique().max() == 1
    assert strata.value_counts().min() >= min(wanted_rows, len(labels))
    counts = pd.Series(labels).value_counts()
    if counts.min() >= wanted_rows:
        assert strata.nunique() == len(counts)


def test_given_folds_are_taken_as_they_are():
    given_fold = pd.Series([1, 0, 1, 2], dtype="Int64", index=[9, 9, 3, 1])
    parts = split_rows(rows_of("aabb", given_fold=given_fold), folds("given"))
    assert [part.tolist() for part in parts] == [[1], [0, 2], [3]]


@pytest.mark.parametrize(
    ("given_fold", "n_splits", "message"),
    [
        ([0, None, 1, None], 2, r"2 of 4 rows have no given fold.*\[0, 1\].*folds.strategy"),
        ([None] * 4, 2, "4 of 4 rows have no given fold"),
        ([0, 1, 2, 5], 3, r"given folds are \[0, 1, 2, 5\]; folds.n_splits=3 wants \[0, 1, 2\]"),
        ([0, 1, 1, 0], 3, r"given folds are \[0, 1\]"),
        ([1, 2, 1, 2], 2, r"given folds are \[1, 2\].*wants \[0, 1\]"),
        ([0, 0, 0, 0], 1, r"Fold 0 of strategy given has 0 training and 4 validation rows"),
    ],
)
def test_bad_given_folds_are_refused(given_fold, n_splits, message):
    rows = rows_of("aabb", given_fold=pd.Series(given_fold, dtype="Int64"))
    with pytest.raises(ValueError, match=message):
        split_rows(rows, folds("given", n_splits))


@pytest.mark.parametrize("strategy", ["holdout", "shuffle_split"])
def test_one_row_cannot_be_held_out(strategy):
    with pytest.raises(ValueError, match="needs 2 rows or more; found 1"):
        split_rows(rows_of("a"), folds(strategy, 1))
