"""Trials: how many there are, which are tried again, given up or pruned, what they are given."""

import math
from collections import Counter
from contextlib import contextmanager

import pytest

from klue_pipeline.training.progress import (
    listening,
    report_progress,
    set_part_opener,
    under_prefix,
)
from klue_pipeline.training.tuning.objective import RefusedError


def states(trials):
    return Counter(trial.state.name for trial in trials)


def rates(world):
    return [attempt.settings["training.rate"] for attempt in world.attempts]


class Dead(BaseException):
    """A process ends in the middle of a trial, which nobody hears of."""


def die_in(world, at, process="killed", **changes):
    """Let a process take part that is killed in its ``at``-th trial, and mark it as dead."""
    tried = []

    def evaluate(attempt):
        tried.append(attempt)
        if len(tried) == at:
            raise Dead
        return attempt.settings["training.rate"]

    with pytest.raises(Dead):
        world.run(evaluate, process, **changes)
    world.dead.add(process)


# ---- how many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [[4], [1, 1, 3, 4], [4, 2]])
def test_a_study_has_as_many_trials_as_were_wanted_however_often_it_is_called(world, calls):
    for trials in calls:
        found = world.run(trials=trials)
    assert states(found) == {"COMPLETE": max(calls)}
    assert len(set(rates(world))) == len(world.attempts) == max(calls)
    assert rates(world)[0] == 0.5  # the experiment's own value


def ask_in_between(search, other):
    """Let another process start a trial after ours has counted and before it asks."""
    ask = search.study.ask

    def slow_ask():
        search.study.ask = ask
        other.study.ask().set_user_attr("process", other.workers.own)
        return ask()

    search.study.ask = slow_ask


def test_of_two_that_ask_at_once_for_the_last_trial_one_leaves_it(world):
    world.run(trials=3)
    search, other = world.search(), world.search(process="other")
    ask_in_between(search, other)
    search.run(4)
    assert states(search.study.trials) == {"COMPLETE": 3, "RUNNING": 1, "WAITING": 1}
    assert search.running_elsewhere() == 1
    other.study.tell(3, 0.1)

    surplus = world.run(trials=6)
    assert states(surplus) == {"COMPLETE": 6}
    drawn = [trial.params["training.rate"] for trial in surplus if trial.params]
    assert len(set(drawn)) == len(drawn) == 5


def test_another_that_was_faster_does_not_end_the_search(world):
    search, other = world.search(), world.search(process="other")
    ask_in_between(search, other)
    search.run(4)
    assert states(search.study.trials) == {"COMPLETE": 3, "RUNNING": 1}


# ---- failures ----------------------------------------------------------------------------------


def failing(*numbers):
    """Make an objective that fails at these calls, counted from 0."""
    calls = iter(range(1000))

    def evaluate(attempt):
        if next(calls) in numbers:
            raise OSError("the disk is full")
        return attempt.settings["training.rate"]

    return evaluate


def test_a_trial_that_failed_is_tried_once_more_with_the_same_values(world):
    trials = world.run(failing(1))
    assert states(trials) == {"COMPLETE": 4, "FAIL": 1}
    assert trials[1].user_attrs["reason"] == "OSError: the disk is full"
    assert world.attempts[2] == world.attempts[1]
    assert [attempt.number for attempt in world.attempts] == [0, 1, 1, 3, 4]
    assert "reason" not in trials[2].user_attrs


def test_a_trial_that_failed_twice_has_failed_for_good(world):
    trials = world.run(failing(1, 2))
    assert states(trials) == {"COMPLETE": 3, "FAIL": 2}
    assert len(world.attempts) == 5
    assert states(world.run()) == states(trials)


def test_three_failures_in_a_row_end_the_search_with_their_error(world):
    with pytest.raises(OSError, match="the disk is full"):
        world.run(failing(0, 1, 3, 4, 5))
    assert len(world.attempts) == 6
    trials = world.run()
    assert states(trials) == {"COMPLETE": 2, "FAIL": 5}


def test_what_is_tried_again_does_not_wait_behind_what_only_more_trials_would_need(world):
    world.run(trials=1)
    search = world.search(failing(1), trials=3)
    search.study.enqueue_trial({"training.rate": 0.1})
    search.study.enqueue_trial({"training.rate": 0.2})
    search.study.enqueue_trial({"training.rate": 0.3})
    search.run(3)
    assert rates(world) == [0.5, 0.1, 0.2, 0.2]
    assert states(search.study.trials) == {"COMPLETE": 3, "FAIL": 1, "WAITING": 1}


def test_what_cannot_be_drawn_is_a_failure_too(world):
    search = world.search()

    def draw(trial):
        raise ValueError("no such value")

    search.space.draw = draw
    with pytest.raises(ValueError, match="no such value"):
        search.run(4)
    assert states(search.study.trials)["RUNNING"] == 0


# ---- pruning -----------------------------------------------------------------------------------


def test_settings_that_do_not_go_together_are_pruned_with_the_reason(world):
    def evaluate(attempt):
        if attempt.settings["training.rate"] != 0.5:
            raise RefusedError("gamma belongs to focal")
        return 1.0

    trials = world.run(evaluate)
    assert states(trials) == {"COMPLETE": 1, "PRUNED": 3}
    assert {trial.user_attrs.get("reason") for trial in trials[1:]} == {"gamma belongs to focal"}


def test_a_score_that_is_no_number_is_pruned(world):
    trials = world.run(lambda attempt: math.nan if attempt.number else 1.0, trials=2)
    assert states(trials) == {"COMPLETE": 1, "PRUNED": 1}
    assert "its training diverged" in trials[1].user_attrs["reason"]


def falling_after(first, *, sign=1, prefixes=("",)):
    """Make an objective whose later trials report less than the first, evaluation by evaluation."""

    def evaluate(attempt):
        level = 1.0 if attempt.number < first else 0.5
        for prefix in prefixes:
            with under_prefix(prefix):
                for step in (10, 20):
                    values = {"train_loss": 9.0, "validation_x": sign * level * step}
                    report_progress(step, {**values, "validation_xy": -99.0})
                    report_progress(step + 1, {"train_loss": 1.0})
        return level

    return evaluate


@pytest.mark.parametrize(
    ("sign", "live_rises", "rises", "pruned"),
    [(1, True, True, 1), (-1, False, True, 1), (-1, True, True, 0), (1, True, False, 1)],
)
def test_a_trial_ends_when_its_live_value_is_below_the_others(
    world, sign, live_rises, rises, pruned
):
    trials = world.run(
        falling_after(2, sign=sign), trials=3, pruner="median", spared_trials=2,
        live_rises=live_rises, rises=rises,
    )  # fmt: skip
    assert states(trials)["PRUNED"] == pruned
    if pruned:
        assert list(trials[2].intermediate_values) == [1]
        assert trials[2].user_attrs["reason"] == (
            f"{sign * 5:.2f} at evaluation 1 is below what others had there"
        )


def test_evaluations_are_counted_on_from_fold_to_fold_and_others_hear_them_too(world):
    seen = []
    with listening(lambda step, values: seen.append((step, sorted(values)[-1]))):
        trials = world.run(
            falling_after(2, prefixes=("fold_0/", "fold_1/")), trials=3, pruner="median",
            spared_trials=2,
        )  # fmt: skip
    assert list(trials[0].intermediate_values.values()) == [10.0, 20.0, 10.0, 20.0]
    assert states(trials)["PRUNED"] == 1
    assert seen[0] == (10, "fold_0/validation_xy")


def test_trials_climb_from_rung_to_rung_on_growing_shares_of_the_rows(world):
    changes = {"rungs": "rows", "row_shares": [0.25, 0.5, 1.0], "pruner": "halving"}
    trials = world.run(
        lambda attempt: (0.3, 0.2, 0.1)[attempt.number] + attempt.row_share,
        trials=3, reduction_factor=2, **changes,
    )  # fmt: skip
    shares = [[a.row_share for a in world.attempts if a.number == number] for number in range(3)]
    assert shares == [[0.25, 0.5, 1.0], [0.25], [0.25]]
    assert trials[0].value == pytest.approx(1.3)
    assert trials[0].intermediate_values == pytest.approx({1: 0.55, 2: 0.8, 3: 1.3})
    assert trials[2].user_attrs["reason"] == "0.35 on 25% of the rows is below the others'"
    assert states(trials) == {"COMPLETE": 1, "PRUNED": 2}


# ---- processes that end ------------------------------------------------------------------------


def test_ctrl_c_marks_the_trial_and_the_next_call_goes_on_with_it(world):
    def interrupt(attempt):
        if attempt.number == 1:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        world.run(interrupt)
    trials = world.run()
    assert (trials[1].state.name, trials[1].user_attrs["reason"]) == ("FAIL", "interrupted")
    assert world.attempts[2] == world.attempts[1]
    assert states(trials) == {"COMPLETE": 4, "FAIL": 1}


def test_a_trial_of_a_dead_process_is_tried_again_under_its_number(world):
    die_in(world, at=2)
    assert world.search().running_elsewhere() == 1
    trials = world.run(process="second")
    assert trials[1].user_attrs["reason"] == "its process was killed"
    assert world.attempts[2] == world.attempts[1]
    assert world.attempts[2].number == 1
    assert states(trials) == {"COMPLETE": 4, "FAIL": 1}
    assert {trial.user_attrs["process"] for trial in trials[2:]} == {"second"}


def test_a_trial_whose_process_died_twice_is_not_tried_a_third_time(world):
    die_in(world, at=2)
    die_in(world, at=1, process="also killed")
    trials = world.run()
    assert states(trials) == {"COMPLETE": 3, "FAIL": 2}
    assert [attempt.number for attempt in world.attempts] == [0, 1, 1, 3, 4]


def test_a_living_process_keeps_its_trial(world):
    die_in(world, at=2)
    world.dead.clear()
    search = world.search()
    search.run(4)
    assert states(search.study.trials) == {"COMPLETE": 3, "RUNNING": 1}
    assert search.running_elsewhere() == 1


def test_of_two_that_see_a_dead_process_at_once_one_gives_its_trial_up(world):
    die_in(world, at=2)
    searches = [world.search(process=name) for name in ("second", "third")]
    seen = [search.study.get_trials(deepcopy=False) for search in searches]
    for search, trials in zip(searches, seen, strict=True):
        real = search.study.get_trials
        search.study.get_trials = lambda trials=trials, **_: trials
        search._give_up_dead(alone=False)
        search.study.get_trials = real
    assert states(searches[0].study.trials) == {"COMPLETE": 1, "FAIL": 1, "WAITING": 1}


@pytest.mark.parametrize("end", ["value", "refused", "evaluation", "failure"])
def test_a_process_that_was_wrongly_given_up_goes_on(world, end, caplog):
    def evaluate(attempt):
        if attempt.number == 1 and len(world.attempts) == 2:
            other = world.search(process="second")
            world.dead.add("first")
            other._give_up_dead(alone=False)
            world.dead.clear()
            if end == "refused":
                raise RefusedError("no")
            if end == "failure":
                raise OSError("no")
            if end == "evaluation":
                report_progress(1, {"validation_x": 1.0})
        return attempt.settings["training.rate"]

    trials = world.run(evaluate)
    assert states(trials) == {"COMPLETE": 4, "FAIL": 1}
    assert trials[1].user_attrs["reason"] == "its process was killed"
    assert world.attempts[2] == world.attempts[1]
    if end in ("refused", "evaluation"):
        assert "trial 1: others took this process for dead" in caplog.text


# ---- chance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_study_is_the_same_each_time_one_process_makes_it(world, sampler):
    world.run(sampler=sampler, trials=3)
    world.run(sampler=sampler, trials=5)
    again = world.another()
    other = again.another()
    again.run(sampler=sampler, trials=5)
    other.run(sampler=sampler, trials=5, seed=43)
    assert rates(world) == rates(again)
    assert len({*rates(world), *rates(other)}) == 9  # the experiment's own is in both


def test_two_that_draw_at_once_draw_different_values(world):
    world.run(trials=1)
    searches = [world.search(process=name) for name in ("first", "second")]
    trials = [search._take(9) for search in searches]
    drawn = [search.space.draw(trial) for search, trial in zip(searches, trials, strict=True)]
    assert drawn[0]["training.rate"] != drawn[1]["training.rate"]


# ---- parts -------------------------------------------------------------------------------------


def test_each_trial_is_a_part_with_its_values_its_number_and_what_came_of_it(world):
    parts = []

    @contextmanager
    def follow(part):
        yield
        parts.append(part)

    def evaluate(attempt):
        if attempt.number == 1:
            raise RefusedError("no")
        return 2.0

    set_part_opener(follow)
    try:
        world.run(evaluate, trials=2)
    finally:
        set_part_opener(None)
    assert [part.name for part in parts] == ["trial 0", "trial 1"]
    assert parts[0].settings == {"training.rate": 0.5, "training.batch_size": 16}
    assert parts[0].tags == {"klue.trial": "0", "klue.study": "study"}
    assert [part.metrics for part in parts] == [{"value": 2.0}, {}]
    assert parts[1].tags["klue.pruned"] == "no"
