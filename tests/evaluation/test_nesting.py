"""What may be learned for a fold: never from a row it holds out, however often it is scored."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.nesting import count_in_training, find_rows, nested_parts
from klue_pipeline.evaluation.scores import ScoreTable


def score(row_ids, folds):
    n_rows = len(row_ids)
    folds = None if folds is None else np.array(folds, dtype=np.int64)
    ids = np.array(row_ids, dtype=object)
    return ScoreTable(ids, np.zeros((n_rows, 2), dtype=np.float32), ("a", "b"), folds)


members_of_folds = st.sets(
    st.tuples(st.integers(0, 3), st.integers(0, 7)), min_size=1, max_size=20
).map(sorted)


@given(members_of_folds)
def test_a_row_that_the_fold_holds_out_is_left_out_wherever_it_stands(members):
    """Folds may overlap, as those of shuffle splits do."""
    folds, rows = zip(*members, strict=True)
    scores = score([f"r{row}" for row in rows], folds)
    parts = list(nested_parts(scores))
    assert [part.fold for part in parts] == sorted(set(folds))
    for part in parts:
        own = {row for fold, row in members if fold == part.fold}
        assert part.held_out.tolist() == [fold == part.fold for fold in folds]
        assert part.others.tolist() == [row not in own for row in rows]


def test_one_fold_leaves_nothing_to_learn_from():
    (part,) = nested_parts(score(["r0", "r1"], [3, 3]))
    assert (part.fold, part.others.tolist()) == (3, [False, False])


@given(members_of_folds, st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_counts_are_those_of_all_rows_but_the_held_out_ones(members, values):
    row_ids = pd.Series([f"r{row}" for row in range(8)], index=range(10, 18))
    table = pd.DataFrame([(f, f"r{row}") for f, row in members], columns=["fold", "row_id"])
    found = count_in_training(np.array(values), 4, row_ids, table)
    for place, fold in enumerate(found.folds):
        own = {row for k, row in members if k == fold}
        training = [value for row, value in enumerate(values) if row not in own]
        assert found.counts[place].tolist() == [training.count(value) for value in range(4)]


def test_scored_rows_find_their_fold():
    table = pd.DataFrame({"fold": [5, 2, 5], "row_id": ["a", "b", "c"]})
    found = count_in_training(np.zeros(3, dtype=np.int64), 1, pd.Series(["a", "b", "c"]), table)
    assert found.places(score(["a", "b"], [5, 2])).tolist() == [1, 0]
    assert found.counts.tolist() == [[2], [1]]
    with pytest.raises(ValueError, match=r"scored by fold 3; the split has folds \[2, 5\]"):
        found.places(score(["a", "b"], [5, 3]))


def test_test_scores_have_no_folds():
    with pytest.raises(ValueError, match="out-of-fold scores were wanted"):
        list(nested_parts(score(["a"], None)))


def test_rows_are_found_by_their_id():
    known = pd.Series(["a", "b", "c"], index=[7, 7, 7])
    assert find_rows(np.array(["c", "a", "c"], dtype=object), known).tolist() == [2, 0, 2]
    with pytest.raises(ValueError, match=r"2 rows outside the table of rows, .*\['x', 'y'\]"):
        find_rows(pd.Series(["x", "a", "y"]), known)
    with pytest.raises(ValueError, match="'a' is repeated"):
        find_rows(pd.Series(["a"]), pd.Series(["a", "a"]))
