"""Bins, shares side by side and their distance, by hand and against what they must be."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.exploration.comparison import (
    BIN_STARTS,
    NOT_GIVEN,
    bin_numbers,
    compare_shares,
    measure_distance,
    name_bins,
    name_missing,
    usable_rows,
)

VALUES = st.lists(st.sampled_from("가나다라😀"), min_size=1, max_size=30)


def distance(train, test):
    table = compare_shares(pd.Series(train), pd.Series(test))
    return measure_distance(table["train_share"], table["test_share"], len(train), len(test))


def test_shares_by_hand():
    table = compare_shares(pd.Series(["a", "b", "a", "a"]), pd.Series(["c", "b"]))
    assert table.to_dict("list") == {
        "value": ["a", "b", "c"],
        "train_rows": [3, 1, 0],
        "test_rows": [0, 1, 1],
        "train_share": [0.75, 0.25, 0.0],
        "test_share": [0.0, 0.5, 0.5],
    }


def test_ordered_values_keep_their_order_and_all_of_them():
    kind = pd.CategoricalDtype(["small", "middle", "large"], ordered=True)
    table = compare_shares(
        pd.Series(["large", "small"], dtype=kind), pd.Series(["large"], dtype=kind)
    )
    assert table["value"].tolist() == ["small", "middle", "large"]
    assert table["train_rows"].tolist() == [1, 0, 1]


def test_without_test_rows_there_are_no_test_shares():
    table = compare_shares(pd.Series(["a"]), pd.Series([], dtype="str"))
    assert table["test_rows"].tolist() == [0]
    assert table["test_share"].isna().all()
    assert measure_distance(table["train_share"], table["test_share"], 1, 0) is None


@settings(max_examples=40, deadline=None)
@given(VALUES, VALUES)
def test_distance_is_one_between_0_and_1_and_the_same_both_ways(train, test):
    found = distance(train, test)
    assert 0 <= found.total_variation <= 1
    assert found == distance(test, train)
    assert distance(train, train * 2).total_variation == pytest.approx(0)
    if not set(train) & set(test):
        assert found.total_variation == pytest.approx(1)
    json.dumps([found.total_variation, found.by_chance], allow_nan=False)


def test_chance_is_what_two_samples_of_one_file_have_on_average():
    rng = np.random.default_rng(0)
    shares = [0.5, 0.3, 0.15, 0.05]
    found = [
        distance(rng.choice(4, 300, p=shares), rng.choice(4, 200, p=shares)) for _ in range(200)
    ]
    average = np.mean([each.total_variation for each in found])
    assert np.mean([each.by_chance for each in found]) == pytest.approx(average, rel=0.1)


def test_missing_values_and_no_types_have_a_name():
    values = pd.Series(["wikipedia", None, "NONE", np.nan, pd.NA], dtype="object")
    assert name_missing(values).tolist() == ["wikipedia", *[NOT_GIVEN] * 4]


def test_rows_with_a_problem_are_not_usable():
    rows = pd.DataFrame({"row_id": ["1", "2"], "problem": [None, "empty sentence"]})
    assert usable_rows(rows)["row_id"].tolist() == ["1"]
    assert usable_rows(rows[["row_id"]])["row_id"].tolist() == ["1", "2"]


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
