"""Spaces with conditions: what a trial draws, the grid, and where the experiment lies in them."""

import itertools

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.training.tuning.space import Space, written
from klue_pipeline.training.tuning.tune_params import Dimension

LOSS = Dimension(choices=["cross_entropy", "focal", "ldam"])
GAMMA = Dimension(low=0.5, high=2.0, step=0.5, when={"loss.name": "focal"})
SCALE = Dimension(choices=[1, 2], when={"loss.name": ["focal", "ldam"], "head.name": "cls"})
USUAL = {"loss.name": "focal", "loss.gamma": 1.0, "head.name": "cls", "head.scale": 1}
SPACE = {"loss.gamma": GAMMA, "head.scale": SCALE, "loss.name": LOSS}


def space(dimensions=SPACE, **usual):
    return Space(dimensions, {**USUAL, **usual})


def draw(searched, values):
    """Let a trial take some values; what it asks for beside them is an error."""
    trial = optuna.trial.FixedTrial(values)
    drawn = searched.draw(trial)
    assert trial.params == drawn
    return drawn


EVERYTHING = {"loss.gamma": 1.5, "head.scale": 2}


@pytest.mark.parametrize("order", list(itertools.permutations(SPACE)))
@pytest.mark.parametrize(
    ("loss", "head", "drawn"),
    [
        ("cross_entropy", "cls", set()),
        ("focal", "cls", {"loss.gamma", "head.scale"}),
        ("focal", "rbert", {"loss.gamma"}),  # not searched: the experiment's own decides
        ("ldam", "cls", {"head.scale"}),
    ],
)
def test_a_trial_draws_what_is_read_however_the_space_is_written(order, loss, head, drawn):
    searched = space({name: SPACE[name] for name in order}, **{"head.name": head})
    found = draw(searched, {"loss.name": loss, **EVERYTHING})
    assert found == {"loss.name": loss} | {name: EVERYTHING[name] for name in drawn}


def test_a_condition_on_what_was_not_drawn_looks_at_the_experiment():
    chain = {**SPACE, "loss.beta": Dimension(choices=[0.9], when={"loss.gamma": 1.0})}
    assert draw(space(chain), {"loss.name": "ldam", "head.scale": 1, "loss.beta": 0.9}) == {
        "loss.name": "ldam", "head.scale": 1, "loss.beta": 0.9,
    }  # fmt: skip


def test_conditions_in_a_circle_are_refused():
    one = Dimension(choices=[1], when={"b.y": 1})
    with pytest.raises(ValueError, match=r"conditions of a\.x, b\.y go round in a circle"):
        space({"a.x": one, "b.y": Dimension(choices=[1], when={"a.x": 1}), "c.z": LOSS})
    with pytest.raises(ValueError, match="circle"):
        space({"a.x": Dimension(choices=[1], when={"a.x": 1})})


@pytest.mark.parametrize(
    ("usual", "values"),
    [
        ({}, {"loss.name": "focal", "loss.gamma": 1.0, "head.scale": 1}),
        ({"loss.name": "cross_entropy", "loss.gamma": None, "head.scale": 7},
         {"loss.name": "cross_entropy"}),
        ({"loss.gamma": 0.7}, None),
        ({"loss.name": "weighted_ce"}, None),
        ({"head.scale": None}, None),
    ],
)  # fmt: skip
def test_the_experiments_own_values_are_what_a_trial_would_draw(usual, values):
    assert space(**usual).usual_values() == values


def test_the_grid_has_no_two_points_that_differ_in_what_nobody_reads():
    points = space().grid()
    assert len(points) == 1 + 4 * 2 + 2
    assert len({repr(sorted(point.items())) for point in points}) == len(points)
    assert points.count({"loss.name": "cross_entropy"}) == 1
    assert space().usual_values() in points


@pytest.mark.parametrize(
    "endless", [Dimension(low=0.0, high=1.0), Dimension(low=1, high=8, log=True)]
)
def test_a_grid_of_a_range_without_steps_is_refused(endless):
    with pytest.raises(ValueError, match=r"steps or choices.*; loss\.beta has a range.*choices"):
        space({**SPACE, "loss.beta": endless}).grid()
    assert len(Space({"a.x": Dimension(low=1, high=8)}, {}).grid()) == 8


whole = st.integers(-50, 50)
ranges = st.tuples(whole, st.integers(1, 40), st.sampled_from([None, 1, 3, 0.1, 0.25]))
dimensions = st.one_of(
    ranges.map(lambda r: Dimension(low=r[0], high=r[0] + r[1], step=r[2])),
    st.tuples(st.floats(1e-6, 1), st.floats(1.1, 1e4), st.booleans()).map(
        lambda r: Dimension(low=r[0], high=r[0] * r[1], log=r[2])
    ),
    st.lists(st.one_of(whole, st.text(max_size=3), st.booleans()), min_size=1, unique_by=repr).map(
        lambda values: Dimension(choices=values)
    ),
)


@pytest.mark.filterwarnings("ignore:The distribution is specified by")
@given(dimensions, st.integers(0, 2**32 - 1))
def test_what_is_drawn_is_held(dimension, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    value = Space({"a.x": dimension}, {}).draw(study.ask())["a.x"]
    assert dimension.holds(value)


def test_values_are_written_as_the_command_line_takes_them():
    assert written({"a.x": None, "a.y": True, "b.z": "한글", "c": 1e-5}) == (
        "a.x=null,a.y=true,b.z=한글,c=1e-05"
    )
