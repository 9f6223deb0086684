"""Run records as values: what is kept of the run before, and what a leaderboard is told."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from klue_pipeline.runs.process import ProcessIdentity, this_process
from klue_pipeline.runs.records.run_records import (
    MAX_ERROR_CHARACTERS,
    RunRecord,
    TrackedRun,
    describe_error,
    parse_records,
)
from klue_pipeline.runs.records.run_summary import summarise_run

MORNING = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LONG_DEAD = this_process()._replace(start="1")
ELSEWHERE = ProcessIdentity("another-host", 1, None)


def tracked(run_id):
    return TrackedRun(tracking_uri="http://mlflow:5000/", experiment="klue", run_id=run_id)


def begun(hours=0, **changes):
    """A run that begins some hours after nine thirty; MLflow knows it by its hour."""
    facts = {
        "experiment": "rbert",
        "run_name": None,
        "why": "두 개체의 위치를 알려 주면 나아진다",
        "kind": "single",
        "selection": {},
        "scores_every_fold": True,
        "started_at": MORNING + timedelta(hours=hours),
        "process": this_process(),
        "mlflow": tracked(f"run-{hours}"),
        "git_commit": "abc",
        "git_dirty": False,
    }
    return RunRecord(**{**facts, **changes})


def test_a_record_survives_json_as_it_is():
    first = begun().ended("finished")
    record = begun(1, run_name="lr3e5", process=LONG_DEAD).after(first)
    text = record.model_dump_json()
    assert RunRecord.model_validate_json(text) == record
    stored = json.loads(text)
    assert RunRecord.model_validate(stored) == record
    assert stored["started_at"] == "2026-03-01T10:30:00Z"
    here = this_process()
    assert stored["process"] == here._asdict() | {"start": "1"}
    assert stored["earlier"]["process"]["start"] == here.start


def test_the_end_says_when_how_long_and_why():
    started_at = datetime.now(UTC) - timedelta(seconds=90)
    record = begun(started_at=started_at).ended("failed", error="ValueError: no")
    assert (record.status, record.error) == ("failed", "ValueError: no")
    assert record.seconds == pytest.approx(90, abs=5)
    assert record.ended_at - started_at == pytest.approx(
        timedelta(seconds=90), abs=timedelta(seconds=5)
    )


GOOD = begun().ended("finished")
LATER = begun(1).after(GOOD)
PART = begun(1, scores_every_fold=False, selection={"node_names": ["fold_2.train"]}).after(GOOD)
LATE = begun(1, failed_node="evaluate", scored=True).after(GOOD)
FIRST_FAILED = begun().ended("failed", error="ValueError: no")


def test_a_failed_run_remembers_the_run_whose_scores_it_left():
    second = LATER.ended("failed", error="ValueError: no")
    third = begun(2).after(second).ended("killed")
    assert second.earlier == third.earlier == GOOD
    fourth = begun(3).after(third)
    assert (fourth.earlier, fourth.maker) == (GOOD, GOOD)
    fourth = fourth.ended("finished")
    assert (fourth.earlier, fourth.maker) == (None, fourth)
    assert begun(4).after(fourth).earlier == fourth


def test_memory_is_one_run_deep_and_a_part_is_not_the_whole():
    record = GOOD
    for hours in range(1, 9):
        record = begun(hours, scores_every_fold=False).after(record).ended("finished")
    assert record.earlier == GOOD
    late = LATE.ended("failed", error="x")
    assert (late.earlier, begun(2).after(late).earlier) == (None, late)


@pytest.mark.parametrize(
    ("record", "has_scores", "status", "mlflow", "error", "note"),
    [
        (GOOD, True, "finished", "run-0", None, ""),
        (GOOD, False, "finished", "run-0", None,
         "The last run left no out-of-fold scores (the whole graph)."),
        (PART.ended("finished"), True, "finished", "run-0", None,
         "The last run made a part of these scores anew (fold_2.train)."),
        (LATE.ended("failed", error="OSError: disk full"), True, "failed", "run-1",
         "evaluate: OSError: disk full", "The last run failed, but these scores are its own."),
        (LATER.ended("failed", error="ValueError: no"), True, "failed", "run-0", "ValueError: no",
         "The last run failed; these scores may be of the one of 2026-03-01 09:30 UTC."),
        (LATER.ended("failed", error="x"), False, "failed", "run-1", "x", ""),
        (FIRST_FAILED, False, "failed", "run-0", "ValueError: no", ""),
        (FIRST_FAILED, True, "failed", "run-0", "ValueError: no",
         "The last run failed; these scores may be of an earlier one."),
        (begun(process=LONG_DEAD), True, "killed", "run-0",
         "Its process ended without a word, as after Ctrl-C, or on a machine short of memory.",
         "The last run was killed; these scores may be of an earlier one."),
        (begun(process=LONG_DEAD, scored=True), True, "killed", "run-0",
         "Its process ended without a word, as after Ctrl-C, or on a machine short of memory.",
         "The last run was killed, but these scores are its own."),
        (begun(process=LONG_DEAD).ended("finished"), True, "finished", "run-0", None, ""),
        # The run that makes the leaderboard stands in it as finished.
        (begun(scored=True), True, "finished", "run-0", None, ""),
        # Nobody here can know whether a process of another host is over.
        (begun(process=ELSEWHERE), True, "running", "run-0", None,
         "The last run is not over yet; these scores may be of an earlier one."),
    ],
)  # fmt: skip
def test_what_a_leaderboard_shows(record, has_scores, status, mlflow, error, note):
    summary = summarise_run(record, has_scores=has_scores)
    assert (summary.status, summary.error, summary.note) == (status, error, note)
    assert summary.mlflow == tracked(mlflow)
    assert (summary.kind, summary.why) == ("single", "두 개체의 위치를 알려 주면 나아진다")


def test_no_record_is_scores_only():
    summary = summarise_run(None, has_scores=True)
    assert (summary.status, summary.mlflow, summary.kind) == ("scores only", None, None)


@pytest.mark.parametrize(
    ("tracking_uri", "server"),
    [
        ("http://mlflow:5000/", "http://mlflow:5000"),
        ("https://kim:***@host/m/", "https://host/m"),
        ("sqlite:////x/mlflow.db", "http://127.0.0.1:5000"),  # make mlflow shows it
    ],
)
def test_a_run_is_linked_to_where_it_can_be_looked_at(tracking_uri, server):
    run = tracked("run-0").model_copy(update={"tracking_uri": tracking_uri})
    assert run.link is None  # as in records that do not have the experiment's number
    page = run.model_copy(update={"experiment_id": "3"}).link
    assert page == f"{server}/#/experiments/3/runs/run-0?workflowType=machine_learning"


def test_two_moments_of_a_run_are_the_same_run():
    record = begun()
    assert record.is_same_run(record.ended("failed"))
    assert not record.is_same_run(begun(1))
    assert not record.is_same_run(begun(process=ELSEWHERE))


def test_errors_are_one_short_line():
    many = RuntimeError("\n".join(f"line {number}" for number in range(9)))
    assert describe_error(many) == "RuntimeError: line 0 line 1 line 2 …"
    long = describe_error(ValueError("긴 " * 1000))
    assert len(long) == MAX_ERROR_CHARACTERS
    assert long.endswith("…")
    assert "\n" not in describe_error(ValueError("a\r\n\tb"))


def test_unreadable_records_are_told_and_left_out(caplog):
    good = begun().ended("finished")
    stored = {
        "rbert": lambda: json.loads(good.model_dump_json()),
        "newer": lambda: {**json.loads(good.model_dump_json()), "colour": "blue"},
        "broken": lambda: {"experiment": "broken", "status": "exploded"},
        "list": lambda: [1],
        "half": lambda: json.loads('{"experiment": '),
    }
    with caplog.at_level(logging.WARNING):
        records = parse_records(stored)
    assert records == {"rbert": good, "newer": good}
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3
    assert "broken" in told[0]
    assert "status" in told[0]
    assert "list" in told[1]
    assert "half" in told[2]
