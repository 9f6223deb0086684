"""Rows of frequent labels that shall not train."""

from collections import Counter
from dataclasses import replace

import pytest

from klue_pipeline.relation.augmentation.methods.undersample import undersample
from klue_pipeline.relation.settings.augment_params import UndersampleParams


@pytest.fixture
def rows(mark):
    """60 rows of label a, 30 of b, 12 of c."""
    row = mark("[[이순신]]은 <<수군>>을 이끌었다.")
    labels = ["a"] * 60 + ["b"] * 30 + ["c"] * 12
    return [replace(row, row_id=f"{n:03}", label=label) for n, label in enumerate(labels)]


def left(rows, share, seed=0):
    out = undersample(rows, UndersampleParams(target_share=share), seed)
    assert out <= {row.row_id for row in rows}
    return dict(Counter(row.label for row in rows if row.row_id not in out))


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (None, {"a": 60, "b": 30, "c": 12}),
        (1.0, {"a": 60, "b": 30, "c": 12}),
        (0.5, {"a": 30, "b": 30, "c": 12}),
        (0.3, {"a": 18, "b": 18, "c": 12}),
        (0.001, {"a": 1, "b": 1, "c": 1}),
    ],
)
def test_no_label_keeps_more_than_the_share(rows, share, wanted):
    assert left(rows, share) == wanted


def test_the_seed_decides_and_the_order_of_rows_does_not(rows):
    params = UndersampleParams(target_share=0.4)
    first = undersample(rows, params, 7)
    assert undersample(rows[::-1], params, 7) == first
    assert undersample(rows, params, 8) != first
    assert len(undersample(rows, params, 2**40)) == len(first)


def test_rows_are_drawn_from_all_places(rows):
    """Not the first or the last ones of a file, which may be of one source."""
    out = {int(row_id) for row_id in undersample(rows, UndersampleParams(target_share=0.5), 0)}
    assert 5 <= len(out & set(range(30))) <= 25


def test_one_label_alone_or_no_rows_leave_nothing_out(rows):
    params = UndersampleParams(target_share=0.1)
    assert undersample(rows[:60], params, 0) == frozenset()
    assert undersample([], params, 0) == frozenset()
