"""Coverage: against a loop that answers one question more each time, and with equal confidences."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.calibration.coverage import area_under_coverage, trace_coverage

ROWS = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.25, 0.9, 1.0]), st.floats(0, 1)),
                min_size=1, max_size=30)  # fmt: skip


@given(ROWS)
def test_a_point_is_the_mean_of_those_that_are_as_sure(rows):
    confidence, right = (np.array(values) for values in zip(*rows, strict=True))
    curve = trace_coverage(confidence, right)
    assert curve["threshold"].tolist() == sorted(set(confidence), reverse=True)
    for point in curve.itertuples():
        given_answers = confidence >= point.threshold
        assert point.rows == given_answers.sum()
        assert point.coverage == pytest.approx(100 * given_answers.mean())
        assert point.accuracy == pytest.approx(100 * right[given_answers].mean())


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_area(rows, random):
    shuffled = random.sample(rows, len(rows))
    areas = [area_under_coverage(trace_coverage(*zip(*own, strict=True)))
             for own in (rows, shuffled)]  # fmt: skip
    assert areas[0] == pytest.approx(areas[1])


def test_the_area_is_what_all_orders_of_equals_have_on_average():
    confidence, right = [0.9, 0.4, 0.4, 0.4, 0.1], [1, 0, 1, 1, 0]
    areas = [
        100 * np.mean([np.mean(([1, *middle, 0])[:count]) for count in range(1, 6)])
        for middle in permutations([0, 1, 1])
    ]
    assert area_under_coverage(trace_coverage(confidence, right)) == pytest.approx(np.mean(areas))


@pytest.mark.parametrize(
    ("confidence", "right", "message"),
    [
        ([], [], "at least one row"),
        ([0.1], [1, 0], r"\(1,\) and \(2,\)"),
        ([np.nan], [1], "1 of 1"),
    ],
)  # fmt: skip
def test_what_has_no_curve_is_refused(confidence, right, message):
    with pytest.raises(ValueError, match=message):
        trace_coverage(confidence, right)
