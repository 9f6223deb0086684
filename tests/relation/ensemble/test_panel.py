"""Members brought to the same rows in the same order, and their errors counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.ensemble.panel import (
    COLUMNS,
    oracle_accuracy,
    seat_out_of_fold,
    seat_test,
    table_of,
    tabulate_diversity,
)


def seat(**tables):
    """Members whose rows all have the first label."""
    truths = {name: np.zeros(len(table), dtype=np.int64) for name, table in tables.items()}
    return seat_out_of_fold(
        {name: LabelledScores(table, truths[name], 0) for name, table in tables.items()}
    )


LOGITS = np.random.default_rng(0).normal(size=(4, 4))


def test_out_of_fold_rows_are_those_that_all_members_scored(make_table):
    whole = make_table("abcd", LOGITS, [0, 0, 1, 1])
    part = make_table("dba", LOGITS[:3], [1, 0, 0])
    panel = seat(whole=whole, part=part)
    assert panel.names == ("whole", "part")
    assert panel.rows.row_ids.tolist() == ["a", "b", "d"]
    assert panel.rows.folds.tolist() == [0, 0, 1]
    assert len(panel) == 3
    np.testing.assert_allclose(
        np.exp(panel.log_probabilities[0]), whole.probabilities[[0, 1, 3]], rtol=1e-5
    )
    np.testing.assert_allclose(
        np.exp(panel.log_probabilities[1]), part.probabilities[[2, 1, 0]], rtol=1e-5
    )


def test_a_row_of_two_folds_is_matched_fold_by_fold(make_table):
    first = make_table("aabb", LOGITS, [0, 1, 0, 1])
    second = make_table("baba", LOGITS, [1, 1, 0, 2])
    panel = seat(first=first, second=second)
    assert list(zip(panel.rows.row_ids, panel.rows.folds, strict=True)) == [
        ("a", 1), ("b", 0), ("b", 1),
    ]  # fmt: skip
    np.testing.assert_allclose(
        np.exp(panel.log_probabilities[1]), second.probabilities[[1, 2, 0]], rtol=1e-5
    )


def test_members_of_different_folds_share_nothing(make_table):
    panel = seat(a=make_table("ab", LOGITS[:2], [0, 0]), b=make_table("ab", LOGITS[:2], [1, 1]))
    assert len(panel) == 0
    assert panel.log_probabilities.shape == (2, 0, 4)


def test_test_rows_stand_in_the_order_of_the_first_member(make_table):
    first, second = make_table("xyzw", LOGITS), make_table("wxzy", LOGITS)
    panel = seat_test({"first": first, "second": second})
    assert panel.rows.row_ids.tolist() == list("xyzw")
    np.testing.assert_allclose(
        np.exp(panel.log_probabilities[1]), second.probabilities[[1, 3, 2, 0]], rtol=1e-5
    )


def test_a_member_without_a_test_row_is_refused(make_table):
    with pytest.raises(ValueError, match=r"1 row without a score, among them \['y'\]"):
        seat_test({"a": make_table("xy", LOGITS[:2]), "b": make_table("x", LOGITS[:1])})


def test_what_is_ruled_out_is_finite_and_next_to_nothing(make_table):
    panel = seat_test({"a": make_table("x", [[-np.inf, 0.0, 0.0]])})
    assert np.isfinite(panel.log_probabilities).all()
    np.testing.assert_allclose(np.exp(panel.log_probabilities[0, 0]), [0, 0.5, 0.5], atol=1e-37)


def test_a_table_of_probabilities_gives_them_back(make_table):
    rows = make_table("abcd", LOGITS, [0, 0, 1, 1], {"rows": "1"})
    wanted = make_table("abcd", LOGITS[::-1]).probabilities
    wanted[0] = [1, 0, 0, 0]
    table = table_of(wanted, rows)
    np.testing.assert_allclose(table.probabilities, wanted, rtol=1e-5, atol=1e-30)
    assert table.logits.dtype == np.float32
    assert table.logits.min() == pytest.approx(LOG_ZERO)
    assert table.row_ids.tolist() == list("abcd")
    assert table.labels == rows.labels
    assert table.fingerprint == {"rows": "1"}
    assert table.folds.tolist() == [0, 0, 1, 1]


@pytest.fixture(scope="module")
def predicting(make_table):
    """A panel by the true label id of each row and those that each member predicts."""

    def make(gold, **predicted):
        folds = np.zeros(len(gold))
        tables = {
            name: make_table(range(len(gold)), 2 * np.eye(3)[label_ids], folds)
            for name, label_ids in predicted.items()
        }
        return seat_out_of_fold(
            {name: LabelledScores(table, np.array(gold), 0) for name, table in tables.items()}
        )

    return make


def test_diversity_by_hand(predicting):
    """Of four rows the first misses 2 and 3, the second 3; they differ on 2 and on 3."""
    panel = predicting([0, 1, 2, 0], first=[0, 1, 0, 1], second=[0, 1, 2, 2])
    (line,) = tabulate_diversity(panel).to_dict("records")
    correlation = line.pop("error_correlation")
    assert correlation == pytest.approx(np.corrcoef([0, 0, 1, 1], [0, 0, 0, 1])[0, 1])
    assert line == {
        "first": "first",
        "second": "second",
        "disagreement": 50,
        "both_wrong": 25,
        "oracle_accuracy": 75,
    }
    assert oracle_accuracy(panel) == 75


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_correlation_is_pearsons(seed, predicting):
    generator = np.random.default_rng(seed)
    gold, one, two = generator.integers(3, size=(3, 30))
    table = tabulate_diversity(predicting(gold, one=one, two=two))
    wanted = np.corrcoef(one != gold, two != gold)[0, 1]
    assert table["error_correlation"][0] == pytest.approx(wanted, abs=1e-12)


def test_every_pair_once_in_the_order_of_members(predicting):
    table = tabulate_diversity(predicting([0, 1], c=[0, 1], a=[1, 1], b=[0, 0]))
    assert table.columns.tolist() == list(COLUMNS)
    pairs = table[["first", "second"]].to_numpy().tolist()
    assert pairs == [["c", "a"], ["c", "b"], ["a", "b"]]


def test_a_member_that_is_always_right_has_no_correlation(predicting):
    with np.errstate(all="raise"):
        table = tabulate_diversity(predicting([0, 1], a=[0, 1], b=[0, 0]))
    assert np.isnan(table["error_correlation"][0])
    assert table["oracle_accuracy"][0] == 100


def test_identical_members_err_together(predicting):
    table = tabulate_diversity(predicting([0, 1, 2], a=[0, 1, 1], b=[0, 1, 1]))
    assert table["error_correlation"][0] == pytest.approx(1)
    assert table["disagreement"][0] == 0


def test_one_member_has_no_pair(predicting):
    panel = predicting([0, 1, 2], alone=[0, 1, 1])
    table = tabulate_diversity(panel)
    assert table.empty
    assert table.columns.tolist() == list(COLUMNS)
    assert oracle_accuracy(panel) == pytest.approx(200 / 3)


def test_at_least_one_of_all_members(predicting):
    """Each alone has one row of three."""
    panel = predicting([0, 1, 2], a=[0, 0, 0], b=[1, 1, 1], c=[2, 2, 2])
    assert oracle_accuracy(panel) == 100
