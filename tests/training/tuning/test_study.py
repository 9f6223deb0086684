"""Studies: where they are kept, what they are about, and what is queued first."""

from collections import Counter

import optuna
import pytest

from klue_pipeline.training.tuning.objective import RefusedError
from klue_pipeline.training.tuning.space import Space
from klue_pipeline.training.tuning.study import (
    PRUNERS,
    SAMPLERS,
    as_records,
    join_study,
    open_storage,
    queue_first,
)


def join(world, about, name="study", **changes):
    def differences(found, wanted):
        return [f"{key} was {found[key]}, now {wanted[key]}" for key in found]

    return join_study(
        world.storage, name, world.params(**changes), rises=False, about=about,
        differences=differences,
    )  # fmt: skip


def test_a_study_of_other_settings_is_refused_line_by_line(world):
    made = join(world, {"training.epochs": "3", "rows": "x"})
    assert made.direction.name == "MINIMIZE"
    same = join(world, {"training.epochs": "3", "rows": "x"}, pruner="median")
    assert isinstance(same.pruner, optuna.pruners.MedianPruner)
    with pytest.raises(ValueError, match="trials of other settings") as raised:
        join(world, {"training.epochs": "5", "rows": "y"})
    assert "'study'" in str(raised.value)
    assert "\n  training.epochs was 3, now 5\n  rows was x, now y\n" in str(raised.value)
    assert "tune.study" in str(raised.value)


def test_who_joins_before_the_maker_has_said_what_it_is_about_is_let_in(world):
    optuna.create_study(storage=world.storage, study_name="study", direction="minimize")
    assert join(world, {"training.epochs": "3"}).user_attrs == {}


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nonsense", "Could not parse SQLAlchemy URL"),
        ("oracel://kim:geheim@db.example/optuna", "oracel"),
        ("mysql+pymysql://kim:geheim@db.example/optuna", "(?i)driver|module|pymysql"),
        ("sqlite:////no/such/folder/optuna.db", "unable to open database file"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named_without_its_password(address, reason):
    with pytest.raises(ValueError, match=reason) as raised:
        open_storage(address)
    message = str(raised.value)
    assert message.startswith("The studies cannot be kept at ")
    assert "Correct tune.storage" in message
    assert "geheim" not in message
    assert "\n" not in message


def test_every_sampler_and_pruner_of_the_settings_can_be_made(world):
    for name, make in SAMPLERS.items():
        params = world.params(sampler=name)
        assert isinstance(make(params, 1), optuna.samplers.BaseSampler)
    for name, make in PRUNERS.items():
        assert isinstance(make(world.params(pruner=name)), optuna.pruners.BasePruner)


# ---- what is queued first ----------------------------------------------------------------------


def test_the_experiments_own_values_are_the_first_trial_and_only_once(world):
    world.run(trials=1)
    trials = world.run(trials=2)
    assert [trial.user_attrs.get("usual") for trial in trials] == [True, None]
    assert trials[0].params == {"training.rate": 0.5, "training.batch_size": 16}


def test_own_values_outside_of_the_space_are_no_trial(world, caplog):
    caplog.set_level("INFO")
    trials = world.run(trials=2, usual={"training.rate": 2.0, "training.batch_size": 16})
    assert not any(trial.user_attrs.get("usual") for trial in trials)
    assert "own values are not in the space" in caplog.text


GRID = {"training.rate": [0.1, 0.2, 0.5], "training.batch_size": [16, 32]}


def test_a_grid_is_tried_point_by_point_and_goes_on(world, caplog):
    trials = world.run(trials=4, sampler="grid", space=GRID)
    assert len(trials) == 4
    assert "The grid has 6 points, tune.trials says 4" in caplog.text
    trials = world.run(trials=99, sampler="grid", space=GRID)
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 6
    points = [trial.params for trial in trials]
    assert all(points.count(point) == 1 for point in whole_grid(world))
    assert [trial.params for trial in trials if trial.user_attrs.get("usual")] == [
        {"training.rate": 0.5, "training.batch_size": 16}
    ]
    more = {**GRID, "training.rate": [0.1, 0.2, 0.5]}
    assert len(world.run(trials=99, sampler="grid", space=more)) == 6


def whole_grid(world):
    return Space(world.params(space=GRID).space, {}).grid()


def test_a_grid_after_other_trials_is_tried_as_a_whole(world):
    world.run(trials=2, space=GRID)
    trials = world.run(trials=99, sampler="grid", space=GRID)
    tried = [trial.params for trial in trials]
    assert all(point in tried for point in whole_grid(world))
    assert Counter(trial.state.name for trial in trials) == {"COMPLETE": len(trials)}
    assert len(trials) <= 7


@pytest.mark.parametrize(
    ("name", "latter"),
    [
        ("training.batch_size", [16, 32]),
        ("training.batch_size", {"low": 16, "high": 64}),
        ("training.rate", {"low": 0.1, "high": 1.0, "log": True}),
        ("training.rate", [0.1, 0.5]),
        ("training.rate", {"low": 0, "high": 1}),
    ],
)
def test_a_study_does_not_change_what_a_setting_is_drawn_from(world, name, latter):
    world.run(trials=2)
    search = world.search(space={**world.params().model_dump()["space"], name: latter})
    with pytest.raises(ValueError, match=rf"drew {name} from .*tune\.study"):
        queue_first(search.study, search.space, search.params)


def test_a_study_may_move_the_ends_of_a_range_and_search_more(world):
    space = {"training.rate": {"low": 2.0, "high": 3.0}, "loss.gamma": [1.0]}
    world.run(trials=2)
    trials = world.run(trials=4, space=space)
    assert all(2 <= trial.params["training.rate"] <= 3 for trial in trials[2:])
    assert trials[3].params["loss.gamma"] == 1.0


# ---- records -----------------------------------------------------------------------------------


def test_records_say_what_is_known_of_each_trial(world):
    def evaluate(attempt):
        if attempt.number:
            raise RefusedError("no")
        return 0.25

    search = world.search(evaluate)
    world.run(evaluate, trials=2)
    search.study.ask()
    first, second, third = as_records(search.study)
    assert first["seconds"] >= 0
    del first["seconds"]
    assert first == {
        "trial": 0, "state": "complete", "value": 0.25, "evaluations": 0, "training.rate": 0.5,
        "training.batch_size": 16, "reason": "",
        "settings": '{"training.rate": 0.5, "training.batch_size": 16}',
    }  # fmt: skip
    assert (second["state"], second["value"], second["reason"]) == ("pruned", None, "no")
    assert (third["state"], third["seconds"], third["settings"]) == ("running", None, "{}")
