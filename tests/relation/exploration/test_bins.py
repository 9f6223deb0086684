"""Bins: every number has one, and the name says which numbers are in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.exploration.bins import BIN_STARTS, bin_numbers, name_bins


@pytest.mark.parametrize("measure", BIN_STARTS)
@given(number=st.integers(0, 2000))
def test_a_number_is_between_the_ends_that_its_bin_names(measure, number):
    (name,) = bin_numbers([number], measure)
    low, *high = map(int, re.findall(r"\d+", name))
    top = float("inf") if name.endswith(" or more") else (high or [low])[0]
    assert low <= number <= top


def test_all_bins_are_there_in_order_even_without_numbers():
    bins = bin_numbers([], "entity_distance")
    assert len(bins) == 0
    assert bins.cat.ordered
    assert bins.cat.categories.tolist() == name_bins("entity_distance")
    assert name_bins("entity_distance")[-1] == "80 or more"
