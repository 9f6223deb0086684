"""Members brought to the same rows in the same order."""

import numpy as np
import pytest

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.members import seat_out_of_fold, seat_test, table_of

LOGITS = np.random.default_rng(0).normal(size=(4, 4))


def test_out_of_fold_rows_are_those_that_all_members_scored(make_table):
    whole = make_table("abcd", LOGITS, [0, 0, 1, 1])
    part = make_table("dba", LOGITS[:3], [1, 0, 0])
    panel = seat_out_of_fold({"whole": whole, "part": part})
    assert panel.names == ("whole", "part")
    assert panel.rows.row_ids.tolist() == ["a", "b", "d"]
    assert panel.rows.folds.tolist() == [0, 0, 1]
    assert len(panel) == 3
    np.testing.assert_allclose(np.exp(panel.said[0]), whole.probabilities[[0, 1, 3]], rtol=1e-5)
    np.testing.assert_allclose(np.exp(panel.said[1]), part.probabilities[[2, 1, 0]], rtol=1e-5)


def test_a_row_of_two_folds_is_matched_fold_by_fold(make_table):
    first = make_table("aabb", LOGITS, [0, 1, 0, 1])
    second = make_table("baba", LOGITS, [1, 1, 0, 2])
    panel = seat_out_of_fold({"first": first, "second": second})
    assert list(zip(panel.rows.row_ids, panel.rows.folds, strict=True)) == [
        ("a", 1), ("b", 0), ("b", 1),
    ]  # fmt: skip
    np.testing.assert_allclose(np.exp(panel.said[1]), second.probabilities[[1, 2, 0]], rtol=1e-5)


def test_members_of_different_folds_share_nothing(make_table):
    panel = seat_out_of_fold(
        {"a": make_table("ab", LOGITS[:2], [0, 0]), "b": make_table("ab", LOGITS[:2], [1, 1])}
    )
    assert len(panel) == 0
    assert panel.said.shape == (2, 0, 4)


def test_test_rows_stand_in_the_order_of_the_first_member(make_table):
    first, second = make_table("xyzw", LOGITS), make_table("wxzy", LOGITS)
    panel = seat_test({"first": first, "second": second})
    assert panel.rows.row_ids.tolist() == list("xyzw")
    np.testing.assert_allclose(np.exp(panel.said[1]), second.probabilities[[1, 3, 2, 0]], rtol=1e-5)


def test_a_member_without_a_test_row_is_refused(make_table):
    with pytest.raises(ValueError, match=r"1 rows have no score, among them \['y'\]"):
        seat_test({"a": make_table("xy", LOGITS[:2]), "b": make_table("x", LOGITS[:1])})


def test_what_is_ruled_out_is_finite_and_next_to_nothing(make_table):
    panel = seat_test({"a": make_table("x", [[-np.inf, 0.0, 0.0]])})
    assert np.isfinite(panel.said).all()
    np.testing.assert_allclose(np.exp(panel.said[0, 0]), [0, 0.5, 0.5], atol=1e-37)


def test_a_table_of_probabilities_gives_them_back(make_table):
    rows = make_table("abcd", LOGITS, [0, 0, 1, 1], {"rows": "1"})
    told = make_table("abcd", LOGITS[::-1]).probabilities
    told[0] = [1, 0, 0, 0]
    table = table_of(told, rows)
    np.testing.assert_allclose(table.probabilities, told, rtol=1e-5, atol=1e-30)
    assert table.logits.dtype == np.float32
    assert table.logits.min() == pytest.approx(LOG_ZERO)
    assert table.row_ids.tolist() == list("abcd")
    assert table.labels == rows.labels
    assert table.fingerprint == {"rows": "1"}
    assert table.folds.tolist() == [0, 0, 1, 1]
