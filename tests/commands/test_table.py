"""The table of ``kedro experiments``: the leaderboard's numbers, on the console and in a file."""

import csv

import pytest

from klue_pipeline.commands.jobs import Job
from klue_pipeline.commands.outcomes import NO_BOARD, JobOutcome, look_up, read_board
from klue_pipeline.commands.table import format_table, save_table
from klue_pipeline.evaluation.intervals import Estimate, Interval
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, build_leaderboard, rank_entries

EVALUATION = EvaluationParams.model_validate(
    {
        "target_prior": {
            "source": "none", "estimator": "auto", "max_disagreement": 0.1, "min_effective_rows": 1,
        },
        "n_resamples": 100, "confidence": 0.95, "seed": 1, "select_by": "shift_micro_f1",
    }
)  # fmt: skip


def scored(name, micro_f1, kind="single", shift=None, **facts):
    values = {"micro_f1": micro_f1, "auprc": micro_f1 - 10}
    values |= {} if shift is None else {"shift_micro_f1": shift}
    scores = {key: Estimate(value, value - 1, value + 1) for key, value in values.items()}
    return LeaderboardEntry(name, kind, "finished", scores=scores, **facts)


ENTRIES = [
    scored("blend", 75.0, "blend", verdict="best"),
    scored("기준선", 60.0, difference=Interval(-15.0, -17.0, -13.0), verdict="worse"),
    scored("rbert--wide", 61.234, difference=Interval(-0.5, -2.0, 1.0), verdict="noise",
           test_scores={"micro_f1": 100.0, "auprc": 70.0}),
    LeaderboardEntry("binary", "member", "finished", note="it tells 2 labels apart"),
    scored("tapt", 90.0, "single"),
]  # fmt: skip
OUTCOMES = [
    JobOutcome(Job("기준선"), "trained", 61.4),
    JobOutcome(Job("rbert", "wide"), "finished before"),
    JobOutcome(Job("binary"), "trained", 5.0),
    JobOutcome(Job("tapt"), "failed", 3.4, "no folder\nsecond line"),
    JobOutcome(Job("new"), "interrupted"),
]


@pytest.fixture
def find(tmp_path):
    """Write a leaderboard as the catalog does, and look outcomes up in it."""

    def look_up_all(*entries, outcomes=OUTCOMES):
        ranked = rank_entries(entries, RELATION_SCORES.scores[0])
        path = tmp_path / "leaderboard.csv"
        build_leaderboard(ranked, RELATION_SCORES).to_csv(path, index=False)
        board = read_board(path, EVALUATION)
        return [look_up(outcome, board) for outcome in outcomes], board

    return look_up_all


def test_the_table_shows_what_the_leaderboard_says(find):
    header, rule, *rows = format_table(*find(*ENTRIES)).splitlines()
    assert header.split() == ["experiment", "status", "seconds", "F1", "AUPRC", "test", "F1",
                              "test", "AUPRC", "to", "the", "best"]  # fmt: skip
    assert set(rule) == {"-"}
    assert [row.split() for row in rows[:5]] == [
        ["기준선", "trained", "61", "60.00", "50.00", "-", "-", "-15.00", "[-17.00,", "-13.00]*"],
        ["rbert--wide", "finished", "before", "-", "61.23", "51.23", "100.00", "70.00",
         "-0.50", "[-2.00,", "+1.00]"],
        ["binary", "trained", "5", "-", "-", "-", "-", "-"],
        # Scores of an earlier run are not those of the run that failed.
        ["tapt", "failed", "3", "-", "-", "-", "-", "-"],
        ["new", "interrupted", "-", "-", "-", "-", "-", "-"],
    ]  # fmt: skip
    assert rows[5:] == [
        "Scores are those of the leaderboard. Differences are in micro F1 to the best (blend), "
        "with 95% intervals of paired bootstrap draws; * excludes 0.",
        "binary: it tells 2 labels apart",
        "tapt failed: no folder",
    ]


def test_what_ranks_is_shown_too_and_the_best_is_called_so(find):
    best = scored("기준선", 60.0, shift=55.5, verdict="best")
    lines, board = find(best, outcomes=OUTCOMES[:1])
    header, _, *rows = format_table(lines, board).splitlines()
    assert "shift-aware micro F1" in header
    assert rows[0].split() == ["기준선", "trained", "61", "60.00", "50.00", "55.50", "-", "-",
                               "best"]  # fmt: skip
    assert len(rows) == 1
    assert (board.best, board.ranked_by.name) == ("기준선", "shift_micro_f1")


def test_without_a_leaderboard_only_the_outcomes_are_told():
    lines = [look_up(outcome, NO_BOARD) for outcome in OUTCOMES]
    rows = format_table(lines, NO_BOARD).splitlines()
    assert rows[2].split() == ["기준선", "trained", "61", "-", "-", "-", "-", "-"]
    assert rows[-1] == "tapt failed: no folder"


def test_columns_are_aligned_also_under_korean_names(find):
    """On a screen a Hangul syllable is two columns wide."""
    header, _, korean, variant, binary, *_ = format_table(*find(*ENTRIES)).splitlines()
    wide = korean.replace("기준선", "기준선###")
    for name in ("seconds", "F1", "AUPRC", "test F1", "test AUPRC"):
        end = header.index(f" {name} ") + len(name) + 1
        assert {row[end] for row in (wide, variant, binary)} == {" "}
        assert " " not in {row[end - 1] for row in (wide, variant, binary)}


def test_the_file_has_every_number_in_full(find, tmp_path):
    save_table(*find(*ENTRIES), tmp_path / "08_reporting" / "experiments.csv")
    with (tmp_path / "08_reporting" / "experiments.csv").open(encoding="utf-8") as file:
        first, variant, binary, failed, _ = csv.DictReader(file)
    assert (first["experiment"], first["seconds"], first["compared_with"]) == (
        "기준선", "61.4", "blend",
    )  # fmt: skip
    assert {name: variant[name] for name in ("micro_f1", "test_auprc", "compared_by")} == {
        "micro_f1": "61.234", "test_auprc": "70.0", "compared_by": "micro_f1",
    }  # fmt: skip
    ends = [float(variant[name]) for name in ("difference", "difference_low", "difference_high")]
    assert ends == [-0.5, -2.0, 1.0]
    assert (binary["micro_f1"], binary["compared_with"]) == ("", "")
    assert (failed["status"], failed["micro_f1"], failed["error"]) == ("failed", "", "no folder")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, ""),
        ("one\ntwo", "one"),
        ("Settings are wrong:\n  loss.name: found 'x'\n  more", "Settings are wrong: loss.name: "
         "found 'x'"),
        ("\n\n  late", "late"),
    ],
)  # fmt: skip
def test_a_failure_is_told_in_one_line(error, reason):
    assert JobOutcome(Job("a"), "failed", error=error).reason == reason
