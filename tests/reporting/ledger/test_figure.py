"""Where marks stand in the figure of predicted against actual scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.reporting.ledger.figure import SIZE, Point, lay_out

SCORES = st.floats(0, 100)


def point(predicted, actual, low=None, high=None, number=1):
    return Point(number, "name", "given", predicted, low, high, actual)


def test_the_axes_have_one_range_so_that_the_diagonal_means_equal():
    scatter = lay_out([point(70, 70), point(80, 72)])
    (left, top), (right, bottom) = scatter.near, scatter.far
    equal, other = scatter.marks
    assert (equal.x - left) / (right - left) == pytest.approx(
        (bottom - equal.y) / (bottom - top), abs=1e-3
    )
    assert right - left == pytest.approx(bottom - top, abs=5)
    assert other.x > equal.x
    assert equal.y - other.y == pytest.approx((bottom - top) * 2 / 11.2, abs=0.2)


def test_an_interval_reaches_as_far_as_its_scores():
    [mark] = lay_out([point(70, 70, 60, 80)]).marks
    assert mark.x - mark.x_low == pytest.approx(mark.x_high - mark.x, abs=0.2)
    [bare] = lay_out([point(70, 70)]).marks
    assert bare.x_low == bare.x == bare.x_high


@given(st.lists(st.tuples(SCORES, SCORES, SCORES, SCORES), min_size=1, max_size=6))
def test_everything_lies_inside(rows):
    points = [point(predicted, actual, min(ends), max(ends)) for predicted, actual, *ends in rows]
    scatter = lay_out(points)
    (left, top), (right, bottom) = scatter.near, scatter.far
    assert 0 < left < right < SIZE
    assert 0 < top < bottom < SIZE
    for mark in scatter.marks:
        assert left <= mark.x_low <= mark.x_high <= right
        assert left <= mark.x <= right
        assert top <= mark.y <= bottom
    assert 2 <= len(scatter.ticks) <= 8
    assert all(left <= x <= right and top <= y <= bottom for _, x, y in scatter.ticks)


def test_ticks_are_round_scores_at_their_places():
    scatter = lay_out([point(70, 70), point(80, 72)])
    assert [text for text, *_ in scatter.ticks] == ["70", "72", "74", "76", "78", "80"]
    assert scatter.ticks[0][1:] == (scatter.marks[0].x, scatter.marks[0].y)


def test_numbers_that_would_cover_each_other_are_left_out():
    close = [point(70, 70, number=1), point(70.1, 70.1, number=2), point(80, 80, number=3)]
    assert [mark.has_label for mark in lay_out(close).marks] == [True, False, True]


@pytest.mark.parametrize(
    ("low", "high", "inside"), [(69, 71, True), (70, 71, True), (71, 72, False), (None, 71, None)]
)
def test_an_interval_holds_its_ends(low, high, inside):
    assert point(70, 70, low, high).is_inside is inside
