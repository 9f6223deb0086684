"""Score tables brought to the same rows, also where models were scored on different folds."""

import numpy as np

from klue_pipeline.evaluation.alignment import row_keys, rows_common_to_all
from klue_pipeline.evaluation.scores import ScoreTable


def scores(row_ids, folds, share_of_title=0.5):
    """Scores that give the second label one share, or one share per row."""
    share = np.broadcast_to(share_of_title, len(row_ids))
    logits = np.log(np.stack([1 - share, share], axis=1)).astype(np.float32)
    ids = np.array(list(row_ids), dtype=object)
    numbers = None if folds is None else np.array(folds, dtype=np.int64)
    return ScoreTable(ids, logits, ("no_relation", "per:title"), numbers, {"rows": "1"})


def test_rows_common_to_all_are_aligned_by_row_and_fold():
    whole = scores("abca", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    part = scores("acb", [1, 1, 0], [0.5, 0.6, 0.7])
    first, second = rows_common_to_all([whole, part])
    assert first.row_ids.tolist() == second.row_ids.tolist() == ["b", "c", "a"]
    assert first.folds.tolist() == second.folds.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(first.logits, whole.logits[[1, 2, 3]])
    np.testing.assert_array_equal(second.logits, part.logits[[2, 1, 0]])


def test_every_table_has_to_have_the_row():
    tables = [scores("abcd", [0] * 4), scores("dcb", [0] * 3), scores("cad", [0] * 3)]
    assert [table.row_ids.tolist() for table in rows_common_to_all(tables)] == [["c", "d"]] * 3


def test_one_table_alone_stays_as_it_is():
    table = scores("ba", [1, 0], [0.1, 0.2])
    (found,) = rows_common_to_all([table])
    assert found.row_ids.tolist() == ["b", "a"]
    assert found.folds.tolist() == [1, 0]
    np.testing.assert_array_equal(found.logits, table.logits)


def test_tables_without_common_rows_are_left_without_rows():
    """The same sentence held out by another fold is another row."""
    found = rows_common_to_all([scores("ab", [0, 0]), scores("abc", [1, 1, 1])])
    assert [table.logits.shape for table in found] == [(0, 2), (0, 2)]
    assert [len(table.folds) for table in found] == [0, 0]


def test_test_rows_have_no_fold_and_stay_without():
    first, second = rows_common_to_all([scores("abc", None), scores("cb", None, [0.1, 0.2])])
    assert second.row_ids.tolist() == ["b", "c"]
    assert (first.folds, second.folds) == (None, None)
    assert row_keys(scores("ab", None)).tolist() == [(0, "a"), (0, "b")]
