"""Score tables: shapes, order of rows, common rows, stacking and averaging."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import (
    ScoreTable,
    average_probabilities,
    concatenate,
    rows_common_to_all,
)

LABELS = ("no_relation", "per:title", "org:members")
PRINT = {"rows": "a1", "folds": "b2"}


def make_table(row_ids="abc", folds=None, seed=0, **changes):
    ids = np.array(list(row_ids), dtype=object)
    logits = np.random.default_rng(seed).normal(size=(len(ids), 3)).astype(np.float32)
    folds = None if folds is None else np.array(folds)
    return replace(ScoreTable(ids, logits, LABELS, folds, dict(PRINT)), **changes)


@pytest.mark.parametrize("change", [{"labels": ("x",)}, {"logits": np.zeros((2, 3))}])
def test_a_table_of_uneven_parts_is_refused(change):
    with pytest.raises(ValueError, match="was wanted"):
        make_table(**change)


def test_a_table_with_too_few_folds_is_refused():
    with pytest.raises(ValueError, match="2 fold numbers for 3 rows"):
        make_table(folds=[0, 1])


def test_probabilities_and_predictions():
    table = make_table("ab", logits=np.log([[1, 2, 1], [6, 1, 1]]).astype(np.float32))
    np.testing.assert_allclose(table.probabilities, [[0.25, 0.5, 0.25], [0.75, 0.125, 0.125]])
    assert table.predictions.tolist() == ["per:title", "no_relation"]


def test_probabilities_of_extreme_scores_sum_to_one():
    table = make_table("a", logits=np.array([[6e4, -6e4, 0]], dtype=np.float32))
    assert table.probabilities.sum() == 1
    assert table.probabilities[0, 0] == 1


def test_rows_come_in_the_wanted_order_with_their_scores_and_folds():
    table = make_table("abc", folds=[0, 1, 2])
    ordered = table.in_order_of(["c", "a"])
    assert ordered.row_ids.tolist() == ["c", "a"]
    assert ordered.folds.tolist() == [2, 0]
    np.testing.assert_array_equal(ordered.logits, table.logits[[2, 0]])
    assert ordered.fingerprint == PRINT


def test_rows_are_taken_by_mask_and_by_position():
    table = make_table("abc", folds=[0, 1, 2])
    for rows in (np.array([True, False, True]), np.array([0, 2])):
        taken = table.take(rows)
        assert taken.row_ids.tolist() == ["a", "c"]
        assert taken.folds.tolist() == [0, 2]


def test_missing_and_repeated_rows_have_no_order():
    with pytest.raises(ValueError, match=r"2 rows without a score.*'x'"):
        make_table("abc").in_order_of(["a", "x", "y"])
    with pytest.raises(ValueError, match="more than once"):
        make_table("aba").in_order_of(["a", "b"])


def test_tables_are_stacked_in_the_given_order():
    first, second = make_table("ab", folds=[0, 0]), make_table("c", folds=[1], seed=1)
    both = concatenate([first, second])
    assert both.row_ids.tolist() == ["a", "b", "c"]
    assert both.folds.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(both.logits, np.vstack([first.logits, second.logits]))
    assert concatenate([make_table("a"), make_table("b")]).folds is None


@pytest.mark.parametrize("combine", [concatenate, average_probabilities])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[::-1]}, "labels or orders"),
        ({"fingerprint": {**PRINT, "folds": "zz"}}, "folds is b2 in one and zz in the other"),
        ({"fingerprint": {"rows": "a1"}}, "folds is b2 in one and None"),
    ],
)
def test_tables_of_another_origin_are_refused(combine, change, message):
    with pytest.raises(ValueError, match=message):
        combine([make_table(), make_table(**change)])


@pytest.mark.parametrize("combine", [concatenate, average_probabilities])
def test_nothing_cannot_be_combined(combine):
    with pytest.raises(ValueError, match="at least one fold"):
        combine([])


def test_averaging_wants_the_same_rows_in_the_same_order():
    with pytest.raises(ValueError, match="another order"):
        average_probabilities([make_table("abc"), make_table("acb")])


@given(st.integers(1, 4), st.floats(0.01, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_softmax_of_an_average_is_the_mean_of_the_probabilities(n_tables, scale, seed):
    rng = np.random.default_rng(seed)
    logits = (rng.normal(size=(n_tables, 3, 3)) * scale).astype(np.float32)
    tables = [make_table(logits=own) for own in logits]
    mean = np.mean([table.probabilities for table in tables], axis=0)
    averaged = average_probabilities(tables)
    np.testing.assert_allclose(averaged.probabilities, mean, rtol=1e-4, atol=1e-12)
    assert averaged.logits.dtype == np.float32
    assert np.isfinite(averaged.logits).all()


def test_a_vote_of_probabilities_is_not_a_vote_of_scores():
    sure = make_table("a", logits=np.array([[9, 0, 0]], dtype=np.float32))
    absurdly_sure = make_table("a", logits=np.array([[0, 99, 0]], dtype=np.float32))
    voted = average_probabilities([sure, sure, absurdly_sure])
    assert voted.predictions.tolist() == ["no_relation"]
    assert (sure.logits * 2 + absurdly_sure.logits).argmax() == 1


def rated(row_ids, folds, share_of_title=0.5):
    """Scores that give the second label one share, or one share per row."""
    share = np.broadcast_to(share_of_title, len(row_ids))
    logits = np.log(np.stack([1 - share, share], axis=1)).astype(np.float32)
    ids = np.array(list(row_ids), dtype=object)
    numbers = None if folds is None else np.array(folds, dtype=np.int64)
    return ScoreTable(ids, logits, ("no_relation", "per:title"), numbers, {"rows": "1"})


def take_common(tables):
    """The tables on the rows that all of them have."""
    places = rows_common_to_all(tables)
    return [table.take(rows) for table, rows in zip(tables, places, strict=True)]


def test_rows_common_to_all_are_aligned_by_row_and_fold():
    whole = rated("abca", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    part = rated("acb", [1, 1, 0], [0.5, 0.6, 0.7])
    first, second = take_common([whole, part])
    assert first.row_ids.tolist() == second.row_ids.tolist() == ["b", "c", "a"]
    assert first.folds.tolist() == second.folds.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(first.logits, whole.logits[[1, 2, 3]])
    np.testing.assert_array_equal(second.logits, part.logits[[2, 1, 0]])


def test_every_table_has_to_have_the_row():
    tables = [rated("abcd", [0] * 4), rated("dcb", [0] * 3), rated("cad", [0] * 3)]
    assert [table.row_ids.tolist() for table in take_common(tables)] == [["c", "d"]] * 3


def test_one_table_alone_stays_as_it_is():
    table = rated("ba", [1, 0], [0.1, 0.2])
    (found,) = take_common([table])
    assert found.row_ids.tolist() == ["b", "a"]
    assert found.folds.tolist() == [1, 0]
    np.testing.assert_array_equal(found.logits, table.logits)


def test_tables_without_common_rows_are_left_without_rows():
    """The same sentence held out by another fold is another row."""
    found = take_common([rated("ab", [0, 0]), rated("abc", [1, 1, 1])])
    assert [table.logits.shape for table in found] == [(0, 2), (0, 2)]
    assert [len(table.folds) for table in found] == [0, 0]


def test_test_rows_have_no_fold_and_stay_without():
    first, second = take_common([rated("abc", None), rated("cb", None, [0.1, 0.2])])
    assert second.row_ids.tolist() == ["b", "c"]
    assert (first.folds, second.folds) == (None, None)
    assert rated("ab", None).keys.tolist() == [(0, "a"), (0, "b")]
