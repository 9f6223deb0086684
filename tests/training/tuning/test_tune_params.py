"""Spaces as people write them: ranges and lists, and each way to get one wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.training.tuning.tune_params import Dimension, TuneParams

PLAIN = {
    "trials": 4, "storage": "sqlite:///x.db", "folds": [0], "sampler": "tpe", "startup_trials": 2,
    "pruner": "median", "spared_trials": 2, "reduction_factor": 3, "rungs": "evaluations",
    "row_shares": [0.5, 1.0], "seed": 42, "finalists": 2, "finalist_seeds": 2,
    "space": {"training.batch_size": [16, 32]},
}  # fmt: skip
RATE = {"low": 1e-5, "high": 1e-3, "log": True}


def read(**changes):
    return TuneParams.model_validate({**PLAIN, **changes})


def problem_of(**changes):
    with pytest.raises(ValidationError) as raised:
        read(**changes)
    return "\n".join(explain_errors(raised.value, TuneParams, "tune."))


def test_a_list_is_choices_and_a_range_keeps_its_kind():
    space = read(space={"a.x": [1, "one", None, 0.5, True], "a.y": RATE}).space
    assert space["a.x"] == Dimension(choices=[1, "one", None, 0.5, True])
    assert [type(value) for value in space["a.x"].choices] == [int, str, type(None), float, bool]
    assert (space["a.y"].log, space["a.y"].is_whole) == (True, False)


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ({"low": 1, "high": 9}, True),
        ({"low": 1, "high": 9, "step": 2}, True),
        ({"low": 1, "high": 9.0}, False),
        ({"low": 0, "high": 1, "step": 0.5}, False),
    ],
)
def test_a_range_is_whole_if_all_of_its_numbers_are(written, whole):
    assert Dimension(**written).is_whole is whole


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"low": 1}, "either low and high, or choices were wanted; found low=1, high=None"),
        ({"log": True}, "either low and high, or choices"),
        ({"low": 1, "high": 2, "choices": [1]}, "either low and high, or choices"),
        ({"low": 2, "high": 2}, "low has to be below high; found 2 and 2"),
        ({"low": 0, "high": 1, "log": True}, "log wants low above 0 and no step"),
        ({"low": 1, "high": 8, "log": True, "step": 1}, "log wants low above 0 and no step"),
        ({"choices": [1], "step": 1}, "log and step belong to a range"),
        ({"low": 1, "high": 2, "step": 0}, "step: found 0; Input should be greater than 0"),
        ({"low": True, "high": 2}, "low: found True; YAML reads yes, no"),
        ({"low": 1, "hgih": 2}, "hgih: there is no such setting. Did you mean high"),
        ({"choices": [], "when": {}}, "choices: found []; List should have at least 1 item"),
        ([], "choices: found []; List should have at least 1 item"),
        ({"low": 1, "high": 2, "when": {"loss.name": []}}, "List should have at least 1 item"),
        ({}, "either low and high, or choices were wanted"),
        (3, "found 3; a valid dictionary was wanted"),
    ],
)
def test_a_wrong_range_is_named_with_what_was_wanted(written, message):
    problem = problem_of(space={"loss.gamma": written})
    assert problem.startswith("tune.space.loss.gamma")
    assert message in problem


def test_names_nested_by_the_command_line_win_over_whole_ones():
    file = {"training.learning_rate": RATE, "loss.gamma": [1.0], "loss.name": ["focal"]}
    command = {"training": {"learning_rate": {"low": 1, "high": 2}, "epochs": [3]},
               "loss": {"gamma": None}}  # fmt: skip
    space = read(space={**file, **command}).space
    assert set(space) == {"training.learning_rate", "training.epochs", "loss.name"}
    assert space["training.learning_rate"] == Dimension(low=1, high=2)


def test_null_leaves_a_setting_out_but_not_all_of_them():
    assert set(read(space={"a.x": None, "a.y": [1]}).space) == {"a.y"}
    assert "space: Value should have at least 1 item" in problem_of(space={"a.x": None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row_shares": [1.0, 0.5]}, "row_shares ascend from above 0 to 1; found [1.0, 0.5]"),
        ({"row_shares": [0.5]}, "row_shares ascend"),
        ({"row_shares": [0.0, 1.0]}, "row_shares ascend"),
        ({"row_shares": [0.5, 0.5, 1.0]}, "row_shares ascend"),
        ({"finalist_seeds": 1}, "one value shows no noise; set 2, or 0"),
        ({"folds": [0, 0]}, "folds names a fold twice"),
        ({"sampler": "tpa"}, "Did you mean tpe?"),
        ({"study": "../x"}, "study: found '../x'"),
        ({"reduction_factor": 1}, "greater than or equal to 2"),
    ],
)
def test_other_wrong_settings_are_named(changes, message):
    assert message in problem_of(**changes)


numbers = st.integers(-(10**6), 10**6)


@st.composite
def stepped_ranges(draw):
    low, steps, exponent = draw(numbers), draw(st.integers(1, 200)), draw(st.integers(0, 9))
    distance, rest = draw(st.integers(1, 10**6)), draw(st.floats(0, 0.9))
    if exponent == 0:
        return Dimension(low=low, high=low + steps * distance + int(rest * distance), step=distance)
    unit = 10**exponent
    high = (low + (steps + rest) * distance) / unit
    return Dimension(low=low / unit, high=high, step=distance / unit)


@given(stepped_ranges())
def test_every_value_of_a_grid_is_one_that_the_search_could_draw(dimension):
    values = dimension.grid()
    assert values[0] == dimension.low
    assert dimension.high - values[-1] < dimension.step * (1 + 1e-6)
    assert all(map(dimension.holds, values))
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("dimension", "held", "not_held"),
    [
        (Dimension(low=1, high=9, step=4), [1, 5, 9], [0, 3, 10, 5.0, True, None, "5"]),
        (Dimension(low=0.0, high=0.2, step=0.05), [0, 0.15, 0.2, 0.15000000000000002],
         [0.16, 0.25, False]),
        (Dimension(low=1e-5, high=1e-3, log=True), [1e-5, 3.3e-4, 1e-3], [1e-6, 2e-3]),
        (Dimension(choices=["focal", None]), ["focal", None], ["cross_entropy", 0]),
    ],
)  # fmt: skip
def test_what_a_dimension_holds(dimension, held, not_held):
    assert [dimension.holds(value) for value in [*held, *not_held]] == (
        [True] * len(held) + [False] * len(not_held)
    )
