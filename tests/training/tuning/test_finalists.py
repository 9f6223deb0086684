"""Finalists: who is trained again, and what their values say."""

from collections import Counter

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState, create_trial
from scipy import stats

from klue_pipeline.training.tuning.finalists import (
    AS_IT_WAS,
    Verdict,
    judge_repeats,
    queue_repeats,
    tabulate_repeats,
)

FLOAT = optuna.distributions.FloatDistribution(0, 10)


def study_of(*trials, direction="maximize"):
    """Make a study in memory, from (rate, value) or (rate, value, attributes)."""
    study = optuna.create_study(direction=direction)
    for rate, value, *attributes in trials:
        add(study, rate, value, *attributes)
    return study


def add(study, rate, value, attributes=None):
    state = TrialState.COMPLETE if value is not None else TrialState.FAIL
    study.add_trial(create_trial(
        state=state, value=value, params={"x.rate": rate}, distributions={"x.rate": FLOAT},
        user_attrs=attributes,
    ))  # fmt: skip


def queued(repeats):
    return [(trial.user_attrs["of"], trial.user_attrs["seed"]) for trial in repeats.trials]


USUAL = {"usual": True}
TRIALS = [(1.0, 99.0, USUAL), (2.0, 50.0), (3.0, 70.0), (4.0, None), (3.0, 69.0), (5.0, 60.0)]


def test_the_best_and_the_experiment_are_queued_with_each_seed():
    repeats = study_of()
    assert queue_repeats(study_of(*TRIALS), repeats, finalists=2, seeds=2) == 6
    assert queued(repeats) == [(name, seed) for name in (AS_IT_WAS, "2", "5") for seed in (1, 2)]
    assert [t.user_attrs["values"] for t in repeats.trials[::2]] == [
        {}, {"x.rate": 3.0}, {"x.rate": 5.0}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trials", "finalists"),
    [
        ([(1.0, 9.0), (2.0, 8.0), (1.0, 7.0)], ["0", "1"]),  # a worse twin does not move its place
        ([(1.0, 7.0), (2.0, 8.0), (1.0, 9.0)], ["2", "1"]),
        (
            [(1.0, 9.0, USUAL), (2.0, 8.0), (1.0, 10.0)],
            ["1"],
        ),  # the experiment is no rival
        ([(1.0, None, USUAL), (2.0, 8.0), (1.0, 10.0)], ["1"]),
        ([(1.0, 5.0), (2.0, 5.0), (3.0, 5.0)], ["0", "1"]),
        ([(1.0, 5.0, USUAL)], []),
    ],
)
def test_twins_and_the_experiment_itself_are_no_finalists(trials, finalists):
    repeats = study_of()
    queue_repeats(study_of(*trials), repeats, finalists=2, seeds=1)
    assert [of for of, _ in queued(repeats)] == [AS_IT_WAS, *finalists]


def test_where_less_is_better_the_lowest_are_queued():
    repeats = study_of(direction="minimize")
    queue_repeats(study_of(*TRIALS, direction="minimize"), repeats, finalists=2, seeds=1)
    assert [of for of, _ in queued(repeats)] == [AS_IT_WAS, "1", "5"]


def test_what_is_queued_already_is_not_queued_again_and_later_trials_add_theirs():
    study, repeats = study_of(*TRIALS), study_of()
    for _ in range(2):
        assert queue_repeats(study, repeats, finalists=2, seeds=2) == 6
    add(study, 6.0, 65.0)
    assert queue_repeats(study, repeats, finalists=2, seeds=2) == 8
    assert queue_repeats(study, repeats, finalists=1, seeds=3) == 10
    assert max(Counter(queued(repeats)).values()) == 1
    assert queued(repeats)[6:] == [("6", 1), ("6", 2), (AS_IT_WAS, 3), ("2", 3)]


def repeated(values, direction="maximize"):
    """Make a study of repeats by candidate, in which one failed and was tried again."""
    repeats = study_of(direction=direction)
    for of, found in values.items():
        for seed, value in enumerate(found, start=1):
            attributes = {"of": of, "seed": seed, "values": {"x.rate": 1.0}}
            add(repeats, 0.0, value, attributes)
    repeats.enqueue_trial({}, user_attrs={"of": "99", "seed": 1, "values": {}})
    return repeats


def test_the_table_has_a_row_for_each_candidate_with_values_best_first():
    study = study_of(*TRIALS)
    values = {AS_IT_WAS: [60.0, 62.0], "5": [64.0, None, 66.0], "2": [70.0], "1": [None]}
    table = tabulate_repeats(study, repeated(values))
    assert list(table["candidate"]) == ["2", "5", AS_IT_WAS]
    assert list(table["mean"]) == [70.0, 65.0, 61.0]
    assert list(table["n"]) == [1, 2, 2]
    assert list(table["values"]) == ["70.00", "64.00, 66.00", "60.00, 62.00"]
    assert table["deviation"].round(6).tolist()[1:] == [1.414214, 1.414214]
    assert np.isnan(table["deviation"][0])
    assert table["first_value"].tolist()[:2] == [70.0, 60.0]
    assert table["settings"][0] == '{"x.rate": 1.0}'


def test_where_nothing_was_repeated_the_table_is_empty_and_names_no_winner():
    table = tabulate_repeats(study_of(), study_of())
    assert table.empty
    assert judge_repeats(table) is None


@pytest.mark.parametrize("values", [{AS_IT_WAS: [1.0], "2": [2.0, 3.0]}, {"2": [2.0, 3.0]}])
def test_without_two_values_of_the_experiment_nobody_wins(values):
    assert judge_repeats(tabulate_repeats(study_of(), repeated(values))) is None


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("counts", [(2, 2), (3, 5)])
def test_of_two_the_interval_is_that_of_students_test(direction, counts):
    rises = direction == "maximize"
    random = np.random.default_rng(sum(counts))
    usual = random.normal(60, 1, counts[0])
    other = random.normal(65 if rises else 55, 1, counts[1])
    repeats = repeated({AS_IT_WAS: list(usual), "7": list(other)}, direction)
    verdict = judge_repeats(tabulate_repeats(study_of(), repeats), rises=rises)
    one, two = (other, usual) if rises else (usual, other)
    expected = stats.ttest_ind(one, two).confidence_interval(0.95)
    assert (verdict.winner, verdict.seeds) == ("7", counts[1])
    assert verdict.gain == pytest.approx(one.mean() - two.mean())
    assert (verdict.low, verdict.high) == pytest.approx((expected.low, expected.high))


def test_noise_is_pooled_over_all_candidates():
    values = {AS_IT_WAS: [60.0, 62.0], "1": [63.0, 65.0], "2": [50.0, 58.0]}
    verdict = judge_repeats(tabulate_repeats(study_of(), repeated(values)))
    variance = (2 + 2 + 32) / 3
    around = stats.t.ppf(0.975, 3) * np.sqrt(variance * (1 / 2 + 1 / 2))
    assert verdict.gain == 3.0
    assert verdict.high - verdict.gain == pytest.approx(around)
    assert not verdict.is_beyond_noise


def test_the_experiment_as_it_was_may_win_and_gains_nothing():
    values = {AS_IT_WAS: [60.0, 62.0], "1": [50.0, 51.0]}
    verdict = judge_repeats(tabulate_repeats(study_of(), repeated(values)))
    assert verdict == Verdict(AS_IT_WAS, 0.0, 0.0, 0.0, 2)
    assert not verdict.is_beyond_noise


def test_seeds_that_change_nothing_leave_no_noise():
    table = tabulate_repeats(study_of(), repeated({AS_IT_WAS: [1.0, 1.0], "1": [2.0, 2.0]}))
    assert judge_repeats(table) == Verdict("1", 1.0, 1.0, 1.0, 2)
    assert isinstance(table, pd.DataFrame)
