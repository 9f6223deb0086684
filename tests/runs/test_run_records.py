"""Run records as values: what is kept of the run before, and what a leaderboard is told."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from klue_pipeline.runs.process import ProcessIdentity, this_process
from klue_pipeline.runs.run_records import (
    MAX_ERROR_CHARACTERS,
    RunRecord,
    TrackedRun,
    describe_error,
    parse_records,
)
from klue_pipeline.runs.run_summary import present_status, summarise_run

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
    assert stored["process"] == {"host": here.host, "pid": here.pid, "start": "1"}
    assert stored["earlier"]["process"]["start"] == here.start


def test_the_end_says_when_how_long_and_why():
    started_at = datetime.now(UTC) - timedelta(seconds=90)
    record = begun(started_at=started_at).ended("failed", error="ValueError: no")
    assert (record.status, record.error) == ("failed", "ValueError: no")
    assert record.seconds == pytest.approx(90, abs=5)
    assert record.ended_at - started_at == pytest.approx(
        timedelta(seconds=90), abs=timedelta(seconds=5)
    )


def test_a_failed_run_remembers_the_run_whose_scores_it_left():
    first = begun(0).ended("finished")
    second = begun(1).after(first).ended("failed", error="ValueError: no")
    third = begun(2).after(second).ended("killed")
    assert second.earlier == third.earlier == first
    fourth = begun(3).after(third)
    assert fourth.earlier == first
    fourth = fourth.ended("finished")
    assert fourth.earlier is None
    assert begun(4).after(fourth).earlier == fourth


def test_memory_is_one_run_deep():
    record = begun(0).ended("finished")
    for hours in range(1, 50):
        record = begun(hours, scores_every_fold=False).after(record).ended("finished")
    assert record.earlier.started_at == MORNING
    assert record.earlier.earlier is None


def test_a_run_of_one_fold_does_not_take_the_scores_for_its_own():
    whole = begun(0).ended("finished")
    nodes = {"node_names": ["fold_2.train"]}
    part = begun(1, scores_every_fold=False, selection=nodes).after(whole).ended("finished")
    assert part.earlier == whole
    summary = summarise_run(part, has_scores=True)
    assert summary.mlflow == tracked("run-0")
    assert (summary.status, summary.error) == ("finished", None)
    assert summary.note == "The last run made a part of these scores anew (fold_2.train)."


def test_a_run_that_fails_after_scoring_made_the_scores():
    whole = begun(0).ended("finished")
    late = begun(1, failed_node="evaluate", scored=True).after(whole)
    late = late.ended("failed", error="OSError: disk full")
    assert late.earlier is None
    summary = summarise_run(late, has_scores=True)
    assert summary.mlflow == tracked("run-1")
    assert summary.status == "failed"
    assert summary.error == "evaluate: OSError: disk full"
    assert summary.note == "The last run failed, but these scores are its own."
    assert begun(2).after(late).earlier == late


def test_a_finished_run_needs_no_note():
    summary = summarise_run(begun().ended("finished"), has_scores=True)
    assert (summary.status, summary.error, summary.note) == ("finished", None, "")
    assert (summary.kind, summary.why) == ("single", "두 개체의 위치를 알려 주면 나아진다")


def test_scores_and_last_run_failed_are_told_together():
    failed = begun(5).after(begun(0).ended("finished")).ended("failed", error="ValueError: no")
    summary = summarise_run(failed, has_scores=True)
    assert (summary.status, summary.error) == ("failed", "ValueError: no")
    assert summary.note == (
        "The last run failed; these scores may be of the one of 2026-03-01 09:30 UTC."
    )
    assert summary.mlflow == tracked("run-0")


def test_a_failed_first_run_has_its_own_mlflow_run_and_no_note():
    summary = summarise_run(begun().ended("failed", error="ValueError: no"), has_scores=False)
    assert (summary.mlflow, summary.note) == (tracked("run-0"), "")
    with_scores = summarise_run(begun().ended("failed", error="x"), has_scores=True)
    assert "an earlier one" in with_scores.note


def test_without_scores_the_latest_run_is_the_one_to_look_at():
    failed = begun(5).after(begun(0).ended("finished")).ended("failed", error="x")
    assert summarise_run(failed, has_scores=False).mlflow == tracked("run-5")
    lost = summarise_run(begun().ended("finished"), has_scores=False)
    assert lost.note == "The last run left no out-of-fold scores (the whole graph)."


def test_no_record_is_scores_only():
    summary = summarise_run(None, has_scores=True)
    assert (summary.status, summary.mlflow, summary.kind) == ("scores only", None, None)


def test_a_running_record_of_a_dead_process_is_killed():
    assert present_status(begun(process=ELSEWHERE)) == "running"  # nobody can know
    assert present_status(begun(process=LONG_DEAD)) == "killed"
    assert present_status(begun(process=LONG_DEAD).ended("finished")) == "finished"
    summary = summarise_run(begun(process=LONG_DEAD), has_scores=True)
    assert summary.status == "killed"
    assert "without a word" in summary.error
    assert "was killed; these scores may be of an earlier one" in summary.note
    scored = summarise_run(begun(process=LONG_DEAD, scored=True), has_scores=True)
    assert scored.note == "The last run was killed, but these scores are its own."


def test_the_run_that_makes_the_leaderboard_stands_in_it_as_finished():
    own = summarise_run(begun(scored=True), has_scores=True)
    assert (own.status, own.note) == ("finished", "")
    others = summarise_run(begun(process=ELSEWHERE), has_scores=True)
    assert others.status == "running"
    assert others.note == "The last run is not over yet; these scores may be of an earlier one."


def test_only_a_server_has_pages_to_link_to():
    assert tracked("run-0").link == "http://mlflow:5000/#/runs/run-0"
    database = tracked("run-0").model_copy(update={"tracking_uri": "sqlite:////x/mlflow.db"})
    assert database.link is None


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
    }
    with caplog.at_level(logging.WARNING):
        records = parse_records(stored)
    assert records == {"rbert": good, "newer": good}
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "broken" in told[0]
    assert "status" in told[0]
    assert "list" in told[1]
