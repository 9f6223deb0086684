"""Counts of labels as text."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from klue_pipeline.relation.error_analysis.predictions import write_counts

NAMES = ["a", "b", "c"]


@given(arrays(np.int64, st.tuples(st.integers(0, 12), st.just(3)), elements=st.integers(0, 4)))
def test_every_row_says_its_counts_the_greatest_first(counts):
    for row, text in zip(counts, write_counts(counts, NAMES), strict=True):
        wanted = Counter(dict(zip(NAMES, row.tolist(), strict=True)))
        parts = [f"{name} ({n})" for name, n in wanted.most_common() if n]
        assert text == ", ".join(parts) if parts else text != text  # noqa: PLR0124 - NaN


def test_equal_counts_keep_the_order_of_the_labels():
    assert write_counts(np.array([[0, 2, 2]]), NAMES).tolist() == ["b (2), c (2)"]


def test_no_rows_make_an_empty_column_of_texts():
    found = write_counts(np.zeros((0, 3), dtype=np.int64), NAMES)
    assert (len(found), str(found.dtype)) == (0, "str")
