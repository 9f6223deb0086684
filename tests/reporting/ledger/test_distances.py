"""How unlike files are, and what a candidate is compared with."""

import numpy as np
import pytest

from klue_pipeline.reporting.ledger.distances import Closest, find_closest

NEAR = 0.15
BASE = list("aabbccddee")


def changed(n_rows, letter="x"):
    return np.array([letter] * n_rows + BASE[n_rows:], dtype=object)


def test_the_closest_is_among_what_was_submitted_or_ranks_above():
    labels = {"sent": changed(0), "first": changed(5), "second": changed(3)}
    found = find_closest(labels, ["sent"], ["first", "second"], NEAR)
    assert found == {"first": Closest("sent", 0.5, 5), "second": Closest("first", 0.2, 2)}


def test_what_ranks_below_or_could_not_be_read_does_not_count():
    labels = {"first": changed(0), "second": changed(1)}
    found = find_closest(labels, ["lost"], ["gone", "first", "second"], NEAR)
    assert found == {"second": Closest("first", 0.1, 1)}


def test_near_copies_in_a_chain_are_compared_with_its_head():
    labels = {name: changed(n_rows) for name, n_rows in (("a", 0), ("b", 1), ("c", 2))}
    found = find_closest(labels, [], ["a", "b", "c"], NEAR)
    assert found == {"b": Closest("a", 0.1, 1), "c": Closest("a", 0.2, 2)}


def test_nothing_is_compared_with_nothing():
    assert find_closest({}, [], ["a"], NEAR) == {}
    assert find_closest({"a": changed(0)}, [], ["a"], NEAR) == {}


def test_files_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="numbers of rows: a… 10, b… 3"):
        find_closest({"a": changed(0), "b": changed(0)[:3]}, [], ["a", "b"], NEAR)
