"""What the training part has seen of the validation part."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.splits.groups import connected_groups
from klue_pipeline.relation.splits.leakage import measure_leakage, seen_in_training
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.folds import RowsToSplit, split_rows

ROWS = pd.DataFrame(
    [
        ("s1", "p1"),  # validation: pair seen
        ("s2", "p2"),  # validation: sentence seen
        ("s3", "p3"),  # validation: both seen
        ("s4", "p4"),  # validation: new
        ("s5", "p4"),  # validation: pair shared with validation only
        ("s9", "p1"),
        ("s2", "p8"),
        ("s3", "p3"),
    ],
    columns=["sentence", "pair_key"],
    index=[4, 4, 4, 4, 0, 1, 2, 3],
)
IS_VALIDATION = np.array([True] * 5 + [False] * 3)


def test_shares_by_hand():
    assert measure_leakage(ROWS, IS_VALIDATION) == {
        "shared_pair_share": pytest.approx(2 / 5),
        "shared_sentence_share": pytest.approx(2 / 5),
        "leak_rate": pytest.approx(3 / 5),
    }


def test_seen_rows_are_told_in_order():
    seen = seen_in_training(ROWS["pair_key"], IS_VALIDATION)
    assert seen.tolist() == [True, False, True, False, False]


rows_and_sides = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=30
)


@given(rows_and_sides)
def test_same_as_sets(rows):
    is_validation = np.array([side for _, _, side in rows])
    values = pd.Series([sentence for sentence, _, _ in rows])
    training = {sentence for sentence, _, side in rows if not side}
    wanted = [sentence in training for sentence, _, side in rows if side]
    assert seen_in_training(values, is_validation).tolist() == wanted


@given(rows_and_sides, st.integers(2, 4), st.integers(0, 99))
@settings(deadline=None)
def test_group_folds_never_leak(rows, n_splits, seed):
    table = pd.DataFrame([(f"s{s}", f"p{p}") for s, p, _ in rows], columns=["sentence", "pair_key"])
    groups = connected_groups(table)
    if len(set(groups.tolist())) < n_splits:
        return
    params = FoldsParams(
        strategy="stratified_group", n_splits=n_splits, seed=seed, validation_share=0.2
    )
    labels = np.array([str(side) for _, _, side in rows], dtype=object)
    for part in split_rows(RowsToSplit(labels, groups), params):
        is_validation = np.isin(np.arange(len(table)), part)
        assert set(measure_leakage(table, is_validation).values()) == {0.0}
