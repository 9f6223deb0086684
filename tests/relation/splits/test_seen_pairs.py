"""Pairs that the training part of a row's own fold holds."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.splits.leakage import pair_is_seen, seen_in_training


def score(row_ids, folds=None):
    folds = None if folds is None else np.array(folds, dtype=np.int64)
    logits = np.zeros((len(row_ids), 2), dtype=np.float32)
    return ScoreTable(np.array(row_ids, dtype=object), logits, ("a", "b"), folds)


def test_seen_is_what_the_leakage_of_each_fold_is_measured_by():
    generator = np.random.default_rng(0)
    ids = np.array([f"r{row}" for row in range(80)], dtype=object)
    pairs = pd.Series([f"p{pair}" for pair in generator.integers(40, size=80)])
    sentences = pd.DataFrame({"row_id": ids, "pair_key": pairs})
    held_out = {fold: generator.random(80) < 0.3 for fold in (0, 4)}  # they overlap
    parts = [pd.DataFrame({"fold": k, "row_id": ids[mask]}) for k, mask in held_out.items()]
    members = pd.concat(parts, ignore_index=True)
    found = pair_is_seen(score(members["row_id"], members["fold"]), sentences, members)
    wanted = np.concatenate([seen_in_training(pairs, mask) for mask in held_out.values()])
    assert found.tolist() == wanted.tolist()
    assert 0 < wanted.mean() < 1


def test_rows_with_the_same_pair_in_one_fold_do_not_show_it_to_each_other():
    sentences = pd.DataFrame({"row_id": ["a", "b", "c"], "pair_key": ["p", "p", "q"]})
    members = pd.DataFrame({"fold": [0, 0, 1], "row_id": ["a", "b", "c"]})
    assert pair_is_seen(score(["b", "a"], [0, 0]), sentences, members).tolist() == [False, False]
    members = pd.DataFrame({"fold": [0, 1, 1], "row_id": ["a", "b", "c"]})
    assert pair_is_seen(score(["b", "a"], [1, 0]), sentences, members).tolist() == [True, True]


def test_rows_of_another_table_are_refused():
    sentences = pd.DataFrame({"row_id": ["a"], "pair_key": ["p"]})
    members = pd.DataFrame({"fold": [0], "row_id": ["a"]})
    with pytest.raises(ValueError, match="outside the table of rows"):
        pair_is_seen(score(["x"], [0]), sentences, members)
