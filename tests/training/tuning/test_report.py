"""What a search tells people: a table, what pruning saved, who won."""

import json

import pandas as pd
import pytest

from klue_pipeline.training.tuning.finalists import AS_IT_WAS
from klue_pipeline.training.tuning.report import (
    describe_verdict,
    report_search,
    summarise,
    tabulate_trials,
    tell_search,
    winning_values,
)


def record(trial, state, value=None, evaluations=4, reason="", **values):
    return {
        "trial": trial, "state": state, "value": value, "evaluations": evaluations,
        "seconds": 2.0, **values, "settings": json.dumps(values), "reason": reason,
    }  # fmt: skip


RECORDS = [
    record(0, "complete", 60.0, 6, rate=0.5),
    record(1, "pruned", None, 1, "below", rate=0.1, gamma=2),
    record(2, "complete", 65.0, 4, rate=0.2),
    record(3, "pruned", None, 0, "gamma belongs to focal", gamma=1),
    record(4, "pruned", None, 9, "late", rate=0.3),
    record(5, "fail", None, 2, "OSError"),
    {**record(6, "running", None, 0), "seconds": None},
]
NOTHING = pd.DataFrame(columns=["candidate", "mean", "deviation", "values", "n", "settings"])


def finalists(usual=(60.0, 1.0), other=(65.0, 1.0), name="2"):
    rows = [
        {"candidate": each, "mean": mean, "deviation": deviation, "n": 3, "settings": settings}
        for each, (mean, deviation), settings in [
            (name, other, '{"rate": 0.2}'), (AS_IT_WAS, usual, "{}"),
        ]
    ]  # fmt: skip
    return pd.DataFrame(rows).sort_values("mean", ascending=False, ignore_index=True)


def test_the_table_has_a_column_for_each_setting_between_what_all_trials_have():
    table = tabulate_trials(RECORDS)
    assert list(table.columns) == [
        "trial", "state", "value", "evaluations", "seconds", "gamma", "rate", "settings", "reason",
    ]  # fmt: skip
    assert len(table) == len(RECORDS)
    assert table["gamma"].isna().tolist() == [True, False, True, False, True, True, True]


def test_the_table_of_no_trial_has_its_columns():
    assert list(tabulate_trials([]).columns) == [
        "trial", "state", "value", "evaluations", "seconds", "settings", "reason"
    ]  # fmt: skip


def test_a_search_is_summed_up():
    report = summarise(tabulate_trials(RECORDS), NOTHING)
    assert report["trials"] == {"pruned": 3, "complete": 2, "fail": 1, "running": 1}
    # Complete trials have 5 evaluations on average. Trial 1 had 1, trial 4 more, and trial 3 was
    # refused before it trained.
    assert report["evaluations"] == {"made": 22, "saved_by_pruning": 4.0}
    assert report["seconds"] == 12.0
    assert report["best"] == {"trial": 2, "value": 65.0, "settings": {"rate": 0.2}}
    assert report["verdict"] is None
    assert winning_values(report) == {"rate": 0.2}
    json.dumps(report)


def test_where_less_is_better_the_lowest_is_the_best():
    assert summarise(tabulate_trials(RECORDS), NOTHING, rises=False)["best"]["trial"] == 0


def test_a_search_without_a_complete_trial_is_refused_with_the_reasons():
    records = [record(0, "pruned", reason="gamma"), record(1, "pruned", reason="gamma"),
               record(2, "fail", reason="OSError")]  # fmt: skip
    with pytest.raises(ValueError, match=r"No trial of 3 .*\{'gamma': 2, 'OSError': 1\}.*tune"):
        summarise(tabulate_trials(records), NOTHING)
    with pytest.raises(ValueError, match="No trial of 0"):
        summarise(tabulate_trials([]), NOTHING)


@pytest.mark.parametrize(
    ("table", "values", "line"),
    [
        (finalists(), {"rate": 0.2}, "Winner: trial 2. Over 3 other seeds its F1 is +5.00 [2.73, "
         "7.27] from the experiment as it was: more than noise."),
        (finalists(other=(61.0, 1.0)), {"rate": 0.2}, "its F1 is +1.00 [-1.27, 3.27] from the "
         "experiment as it was: no more than noise."),
        (finalists(usual=(70.0, 1.0)), {}, "Over 3 other seeds no finalist is better than the "
         "experiment as it was; nothing is gained."),
    ],
)  # fmt: skip
def test_the_verdict_is_told_and_its_values_win(table, values, line):
    report = summarise(tabulate_trials(RECORDS), table)
    assert winning_values(report) == values
    assert line in describe_verdict(report, "F1")
    json.dumps(report)


@pytest.mark.parametrize(
    ("records", "trials", "verdict"),
    [
        (RECORDS, "; 22 evaluations, about 4 saved by pruning", "No winner is named yet"),
        (RECORDS[::2][:2], "Trials: 2 complete; 10 evaluations", "(tune.finalist_seeds)"),
    ],
)
def test_without_repeats_the_best_trial_is_told(records, trials, verdict):
    report = summarise(tabulate_trials(records), NOTHING)
    first, best, last = tell_search(report, "F1")
    assert trials in first
    assert ("saved" in first) == ("saved" in trials)
    assert best == "Best trial: 2 with F1 65.00, rate=0.2"
    assert last == describe_verdict(report, "F1")
    assert verdict in last


def test_a_best_trial_that_is_the_experiment_itself_gains_nothing():
    trials = tabulate_trials(RECORDS[::2][:2])
    found = report_search(trials, NOTHING, {"rate": 0.2}, "F1")
    assert winning_values(found) == {}
    assert describe_verdict(found, "F1") == (
        "No trial is better than the experiment as it was; nothing is gained."
    )
    other = report_search(trials, NOTHING, {"rate": 0.3}, "F1", "A retriever has no seed.")
    assert winning_values(other) == {"rate": 0.2}
    assert describe_verdict(other, "F1", "A retriever has no seed.") == "A retriever has no seed."
