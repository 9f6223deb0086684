"""Order, table and verdicts of the leaderboard."""

import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.intervals import Estimate, Interval
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting import leaderboard
from klue_pipeline.reporting.leaderboard import (
    LeaderboardEntry,
    give_verdict,
    leaderboard_columns,
    measure_training,
)
from klue_pipeline.reporting.task_scores import Score, TaskScores

COLUMNS = leaderboard_columns(RELATION_SCORES)
SCORE_NAMES = [score.name for score in RELATION_SCORES.scores]


def rank_entries(entries, name):
    return leaderboard.rank_entries(entries, RELATION_SCORES.find(name))


def build_leaderboard(entries, name):
    return leaderboard.build_leaderboard(rank_entries(entries, name), RELATION_SCORES)


def entry(name, **facts):
    """An entry; scores are given by value alone, with an interval of one on each side."""
    scores = {key: Estimate(facts[key], facts[key] - 1, facts[key] + 1)
              for key in SCORE_NAMES if key in facts}  # fmt: skip
    rest = {key: value for key, value in facts.items() if key not in SCORE_NAMES}
    return LeaderboardEntry(name, **{"kind": "single", "status": "finished", **rest}, scores=scores)


def test_the_columns_are_those_that_were_promised():
    scores = [f"{name}{end}" for name in SCORE_NAMES for end in ("", "_low", "_high")]
    after = "rows folds test_micro_f1 test_auprc training_seconds rows_per_second difference"
    after += " difference_low difference_high mcnemar_p verdict mlflow_run error note"
    wanted = ["rank", "experiment", "kind", "status", "why", *scores, *after.split()]
    assert wanted == COLUMNS
    assert list(build_leaderboard([entry("a")], "auprc").columns) == wanted


def test_the_best_comes_first_and_what_lacks_the_score_last_by_name():
    entries = [
        entry("failed", status="failed"),
        entry("low", micro_f1=60.0, shift_micro_f1=59.0),
        entry("binary", kind="member", auprc=99.0),
        entry("high", micro_f1=80.0, shift_micro_f1=50.0),
    ]
    table = build_leaderboard(entries, "micro_f1")
    assert table["experiment"].tolist() == ["high", "low", "binary", "failed"]
    assert table["rank"].tolist() == [1, 2, pd.NA, pd.NA]
    shifted = build_leaderboard(entries, "shift_micro_f1")
    assert shifted["experiment"].tolist() == ["low", "high", "binary", "failed"]


def test_every_fact_stands_in_its_column():
    whole = entry(
        "rbert", kind="composite", status="failed", why="왜", micro_f1=70.5, rows=240, folds=2,
        test_scores={"micro_f1": 60.0, "auprc": 50.0}, training_seconds=12.5, rows_per_second=99.0,
        difference=Interval(-1.0, -2.0, 0.5), mcnemar_p=0.25, verdict="no difference: noise",
        mlflow_run_id="abc", error="fold_0.train: ValueError: no", note="of before",
    )  # fmt: skip
    [row] = build_leaderboard([whole], "micro_f1").to_dict("records")
    known = {name: value for name, value in row.items() if not pd.isna(value)}
    assert known == {
        "rank": 1, "experiment": "rbert", "kind": "composite", "status": "failed", "why": "왜",
        "micro_f1": 70.5, "micro_f1_low": 69.5, "micro_f1_high": 71.5, "rows": 240, "folds": 2,
        "test_micro_f1": 60.0, "test_auprc": 50.0, "training_seconds": 12.5,
        "rows_per_second": 99.0, "difference": -1.0, "difference_low": -2.0,
        "difference_high": 0.5, "mcnemar_p": 0.25, "verdict": "no difference: noise",
        "mlflow_run": "abc", "error": "fold_0.train: ValueError: no", "note": "of before",
    }  # fmt: skip


def test_the_csv_writes_whole_numbers_whole_and_nothing_for_the_unknown():
    entries = [entry("a", micro_f1=70.0, rows=32470, folds=5), entry("b", status="killed")]
    text = build_leaderboard(entries, "micro_f1").to_csv(index=False)
    lines = [line.split(",") for line in text.splitlines()]
    assert lines[1][:5] == ["1", "a", "single", "finished", ""]
    assert "32470" in lines[1]
    assert [cell for cell in lines[2] if cell] == ["b", "single", "killed"]
    assert pd.read_csv(io.StringIO(text)).shape == (2, len(COLUMNS))


def test_a_task_of_other_scores_has_its_columns_and_the_lower_may_be_better():
    """Nothing here knows relation extraction."""
    scores = TaskScores(
        (Score("character_f1", "character F1"),
         Score("mean_rank", "mean rank", higher_is_better=False, published_as="character_f1"))
    )  # fmt: skip
    entries = [LeaderboardEntry(name, "single", "finished",
                                scores={"mean_rank": Estimate(value, 1, 9)})
               for name, value in (("a", 5.0), ("b", math.nan), ("c", 2.0))]  # fmt: skip
    ranked = leaderboard.rank_entries(entries, scores.find("mean_rank"))
    table = leaderboard.build_leaderboard(ranked, scores)
    assert table["experiment"].tolist() == ["c", "a", "b"]
    assert table["rank"].tolist() == [1, 2, pd.NA]
    assert {"character_f1_low", "mean_rank_high", "test_character_f1"} <= set(table)
    assert {"test_mean_rank", "micro_f1"}.isdisjoint(table)
    assert scores.find_published("mean_rank").heading == "Character F1"


def test_no_entry_makes_an_empty_table_of_the_same_columns():
    table = build_leaderboard([], "micro_f1")
    assert table.shape == (0, len(COLUMNS))
    assert table.dtypes.equals(build_leaderboard([entry("a", micro_f1=1.0)], "micro_f1").dtypes)


def test_two_entries_of_one_name_and_unknown_scores_are_refused():
    with pytest.raises(ValueError, match="called rbert; rename"):
        build_leaderboard([entry("rbert"), entry("a"), entry("rbert", kind="bundle")], "auprc")
    with pytest.raises(ValueError, match="Found score 'loss'; one of micro_f1"):
        build_leaderboard([], "loss")


@given(st.lists(st.sampled_from([0.0, 50.0, 50.5]) | st.floats(0, 100) | st.none(), max_size=12))
def test_ranks_follow_the_scores_whatever_the_order(values):
    entries = [entry(f"e{place}", **({} if value is None else {"accuracy": value}))
               for place, value in enumerate(values)]  # fmt: skip
    ranked = rank_entries(entries, "accuracy")
    assert ranked == rank_entries(entries[::-1], "accuracy")
    assert {own.entry.name for own in ranked} == {own.name for own in entries}
    scores = [own.entry.score("accuracy") for own in ranked]
    known = [score for score in scores if score is not None]
    assert scores == sorted(known, reverse=True) + [None] * (len(values) - len(known))
    for own in ranked:
        score = own.entry.score("accuracy")
        better = sum(other > score for other in known) if score is not None else None
        assert own.rank == (None if better is None else better + 1)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-2.0, -0.1, "worse"),
        (-2.0, 0.0, "no difference: noise"),
        (-2.0, 1.0, "no difference: noise"),
        (0.1, 2.0, "better on the rows that both scored"),
    ],
)
def test_a_verdict_is_as_sure_as_the_interval(low, high, verdict):
    assert give_verdict(Interval((low + high) / 2, low, high)) == verdict


def test_a_verdict_says_why_there_is_none():
    assert give_verdict(None, is_best=True) == "best"
    assert give_verdict(None, reason="other folds") == "not comparable: other folds"
    assert not give_verdict(None)


def test_training_is_summed_over_folds():
    folds = [
        {"training_seconds": 10.0, "training_rows": 100.0, "epochs": 3.0},
        {"training_seconds": 30.0, "training_rows": 150.0, "epochs": 2.0},
    ]
    assert measure_training(folds) == (40.0, 15.0)


def test_what_one_fold_does_not_tell_is_not_told():
    told = {"training_seconds": 10.0, "training_rows": 100.0, "epochs": 3.0}
    assert measure_training([told, {"micro_f1": 5.0}]) == (None, None)
    without_epochs = {"training_seconds": 10.0, "training_rows": 100.0}
    assert measure_training([told, without_epochs]) == (20.0, None)
    assert measure_training([{**told, "training_seconds": 0.0}]) == (0.0, None)
    assert measure_training([]) == (None, None)
