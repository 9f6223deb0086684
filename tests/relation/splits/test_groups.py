"""Connected components of rows by sentence and entity pair."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.splits.groups import connected_groups


def table(rows, index=None):
    return pd.DataFrame(rows, columns=["sentence", "pair_key"], index=index)


def test_chains_connect_over_both_columns():
    rows = [("s1", "p1"), ("s2", "p2"), ("s3", "p1"), ("s3", "p3"), ("s4", "p3"), ("s2", "p9")]
    groups = connected_groups(table(rows, index=[5, 5, 5, 0, 1, 2]))
    assert groups.tolist() == [0, 1, 0, 0, 0, 1]


def test_a_sentence_and_a_pair_with_the_same_text_are_not_the_same():
    assert connected_groups(table([("가", "나"), ("나", "가")])).tolist() == [0, 1]


def test_no_rows_make_no_groups():
    assert connected_groups(table([])).shape == (0,)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_same_groups_as_a_search_by_hand(pairs):
    groups = connected_groups(table([(f"s{s}", f"p{p}") for s, p in pairs]))
    merged = list(range(len(pairs)))
    for _ in pairs:  # as often as a chain can be long
        for i, (s, p) in enumerate(pairs):
            merged[i] = min(merged[j] for j, (t, q) in enumerate(pairs) if s == t or p == q)
    assert groups.tolist() == pd.factorize(np.array(merged))[0].tolist()
