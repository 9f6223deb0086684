"""How differently members err, counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ensemble.diversity import (
    COLUMNS,
    oracle_accuracy,
    tabulate_diversity,
)
from klue_pipeline.relation.ensemble.members import seat_out_of_fold


@pytest.fixture(scope="module")
def predicting(make_table):
    """A panel of members by the label id that each predicts for each row."""

    def make(**predicted):
        return seat_out_of_fold(
            {
                name: make_table(range(len(own)), 2 * np.eye(3)[own], np.zeros(len(own)))
                for name, own in predicted.items()
            }
        )

    return make


def test_by_hand(predicting):
    """Of four rows the first misses 2 and 3, the second 3; they differ on 2 and on 3."""
    gold = np.array([0, 1, 2, 0])
    panel = predicting(first=[0, 1, 0, 1], second=[0, 1, 2, 2])
    (line,) = tabulate_diversity(panel, gold).to_dict("records")
    correlation = line.pop("error_correlation")
    assert correlation == pytest.approx(np.corrcoef([0, 0, 1, 1], [0, 0, 0, 1])[0, 1])
    assert line == {
        "first": "first",
        "second": "second",
        "disagreement": 50,
        "both_wrong": 25,
        "oracle_accuracy": 75,
    }
    assert oracle_accuracy(panel, gold) == 75


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_correlation_is_pearsons(seed, predicting):
    generator = np.random.default_rng(seed)
    gold, one, two = generator.integers(3, size=(3, 30))
    table = tabulate_diversity(predicting(one=one, two=two), gold)
    wanted = np.corrcoef(one != gold, two != gold)[0, 1]
    assert table["error_correlation"][0] == pytest.approx(wanted, abs=1e-12)


def test_every_pair_once_in_the_order_of_members(predicting):
    table = tabulate_diversity(predicting(c=[0, 1], a=[1, 1], b=[0, 0]), np.array([0, 1]))
    assert table.columns.tolist() == list(COLUMNS)
    pairs = table[["first", "second"]].to_numpy().tolist()
    assert pairs == [["c", "a"], ["c", "b"], ["a", "b"]]


def test_a_member_that_is_always_right_has_no_correlation(predicting):
    with np.errstate(all="raise"):
        table = tabulate_diversity(predicting(a=[0, 1], b=[0, 0]), np.array([0, 1]))
    assert np.isnan(table["error_correlation"][0])
    assert table["oracle_accuracy"][0] == 100


def test_identical_members_err_together(predicting):
    table = tabulate_diversity(predicting(a=[0, 1, 1], b=[0, 1, 1]), np.array([0, 1, 2]))
    assert table["error_correlation"][0] == pytest.approx(1)
    assert table["disagreement"][0] == 0


def test_one_member_has_no_pair(predicting):
    panel = predicting(alone=[0, 1, 1])
    table = tabulate_diversity(panel, np.array([0, 1, 2]))
    assert table.empty
    assert table.columns.tolist() == list(COLUMNS)
    assert oracle_accuracy(panel, np.array([0, 1, 2])) == pytest.approx(200 / 3)


def test_at_least_one_of_all_members(predicting):
    """Each alone has one row of three."""
    panel = predicting(a=[0, 0, 0], b=[1, 1, 1], c=[2, 2, 2])
    assert oracle_accuracy(panel, np.array([0, 1, 2])) == 100
