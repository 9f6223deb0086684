"""Copies of rows with rare labels: how many, of which rows, and whatever the chunks."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.oversample import spread_surplus


@pytest.fixture
def labelled(mark):
    """Rows of given numbers per label, all of the same words."""
    row = mark("[[이순신]]은 <<수군>>을 이끌었다.")

    def make(**counts):
        labels = [label for label, count in counts.items() for _ in range(count)]
        return [replace(row, row_id=f"{n:04}", label=label) for n, label in enumerate(labels)]

    return make


@pytest.fixture
def copies_of(augment):
    def count(rows, target_share, max_copies=100, **rest):
        settings = {"target_share": target_share, "max_copies": max_copies}
        made, _ = augment("oversample", rows, originals=rows, **settings, **rest)
        by_id = {row.row_id: row for row in rows}
        assert all(new == by_id[new.row_id] for new in made)
        return Counter(new.row_id for new in made)

    return count


def by_label(rows, copies):
    return dict(Counter(row.label for row in rows for _ in range(copies[row.row_id])))


def test_rare_labels_are_brought_up_to_the_share(labelled, copies_of):
    rows = labelled(a=40, b=20, c=7, d=1)
    assert by_label(rows, copies_of(rows, 0.5)) == {"c": 13, "d": 19}
    assert by_label(rows, copies_of(rows, 1.0)) == {"b": 20, "c": 33, "d": 39}
    assert copies_of(rows, 0.02) == {}


def test_no_row_is_copied_more_often_than_allowed(labelled, copies_of, caplog):
    rows = labelled(a=40, c=7, d=1)
    with caplog.at_level("INFO"):
        copies = copies_of(rows, 0.5, max_copies=2)
    assert by_label(rows, copies) == {"c": 13, "d": 2}
    assert max(copies.values()) == 2
    (message,) = (line for line in caplog.messages if line.startswith("oversample"))
    assert "1 labels stay below 20 rows, because no row is copied more than 2 times" in message


def test_chunks_and_order_change_nothing(labelled, copies_of):
    rows = labelled(a=60, b=25, c=9)
    whole = copies_of(rows, 1.0, max_copies=5)
    assert copies_of(rows, 1.0, max_copies=5, chunks=[[row] for row in rows]) == whole
    assert copies_of(rows, 1.0, max_copies=5, chunks=[rows[50:], rows[:50]]) == whole
    assert copies_of(rows[::-1], 1.0, max_copies=5) == whole
    assert copies_of(rows, 1.0, max_copies=5, seed=1) != whole


def test_rows_that_it_does_not_start_from_are_counted_but_not_copied(labelled, copies_of):
    rows = labelled(a=40, c=10)
    whole = copies_of(rows, 1.0)
    some = copies_of(rows, 1.0, chunks=[rows[45:]])
    assert some == {row.row_id: whole[row.row_id] for row in rows[45:] if whole[row.row_id]}


def test_a_task_with_one_label_or_no_rows_has_nothing_to_even_out(labelled, copies_of):
    assert copies_of(labelled(a=5), 1.0) == {}
    assert copies_of([], 1.0) == {}


@given(
    copies=st.lists(st.integers(0, 30), min_size=1, max_size=40),
    headroom=st.integers(0, 5),
)
@settings(deadline=None)
def test_surplus_goes_to_those_with_fewest(copies, headroom):
    copies = np.array(copies)
    most = int(np.ceil(copies.mean())) + headroom
    spread = spread_surplus(copies, most)
    assert spread.sum() == copies.sum()
    assert spread.max() <= most
    under = copies <= most
    assert (spread[under] >= copies[under]).all()
    # Nobody was given one while another with fewer went without.
    given_to = spread > copies
    if given_to.any():
        assert spread[given_to].max() <= spread.min() + 1


def test_more_copies_than_allowed_together_are_refused():
    with pytest.raises(ValueError, match="2 rows with at most 3 copies each cannot have 7 copies"):
        spread_surplus(np.array([7, 0]), 3)
