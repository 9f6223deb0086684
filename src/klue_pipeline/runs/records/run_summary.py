"""What a leaderboard shows of an experiment's latest run: how it ended, whose scores there are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from klue_pipeline.reporting.leaderboard import LeaderboardEntry
from klue_pipeline.runs.process import is_dead, this_process
from klue_pipeline.runs.records.run_records import RecordStatus, RunRecord, TrackedRun
from klue_pipeline.runs.topology import Kind

RunStatus = Literal["running", "finished", "failed", "killed", "scores only"]
"""``scores only``: no record, as of an experiment that was run before there were any."""

_UNFINISHED = {"running": "is not over yet", "failed": "failed", "killed": "was killed"}
_KILLED = "Its process ended without a word, as after Ctrl-C, or on a machine short of memory."


@dataclass(frozen=True)
class RunSummary:
    """What a leaderboard shows of an experiment's latest run."""

    status: RunStatus
    why: str = ""
    kind: Kind | None = None
    error: str | None = None
    note: str = ""
    """Which run the scores are of, where that is not plain."""
    mlflow: TrackedRun | None = None
    """The run that made the scores; without scores, the latest one."""
    started_at: datetime | None = None
    """When that run began, in UTC."""
    variant_of: str = ""
    """The entry of the lab book, where the run gave it a name of its own."""


def describe_run(name: str, run: RunSummary, **known: Any) -> LeaderboardEntry:
    """Return an experiment as the leaderboard shows it, so far as its run tells.

    Args:
        name: Folder of the experiment.
        run: What its latest run came to.
        known: Further fields of the entry.
    """
    return LeaderboardEntry(
        name=name,
        kind=run.kind or "single",
        status=run.status,
        why=run.why,
        error=run.error,
        note=run.note,
        mlflow_run_id=None if run.mlflow is None else run.mlflow.run_id,
        mlflow_link=None if run.mlflow is None else run.mlflow.link,
        started_at=run.started_at,
        variant_of=run.variant_of,
        **known,
    )


def summarise_run(record: RunRecord | None, *, has_scores: bool) -> RunSummary:
    """Say how an experiment's latest run ended, and whose scores are on disk.

    Args:
        record: The experiment's record; None if there is none.
        has_scores: Whether the experiment has out-of-fold scores on disk.
    """
    if record is None:
        return RunSummary(status="scores only")
    shown = record.maker if has_scores else record
    return RunSummary(
        status=present_status(record),
        why=record.why,
        kind=record.kind,
        error=_place_error(record),
        note=_explain_scores(record) if has_scores else _explain_absence(record),
        mlflow=shown.mlflow,
        started_at=shown.started_at.astimezone(UTC),
        variant_of=record.experiment if record.run_name else "",
    )


def present_status(record: RunRecord) -> RecordStatus:
    """Return a run's status as it is now.

    A running one whose process is over was killed. The very run that asks is as good as finished:
    whoever reads the answer later would take "running" for the state of that moment.
    """
    if record.status != "running":
        return record.status
    if is_dead(record.process):
        return "killed"
    return "finished" if record.process == this_process() else "running"


def _place_error(record: RunRecord) -> str | None:
    if present_status(record) == "killed":
        return _KILLED
    if record.error is None or record.failed_node is None:
        return record.error
    return f"{record.failed_node}: {record.error}"


def _explain_scores(record: RunRecord) -> str:
    """Say whose scores are on disk; nothing if they are those of the whole, finished run."""
    status = present_status(record)
    if status == "finished":
        part = f"The last run made a part of these scores anew ({_selected(record)})."
        return "" if record.scores_every_fold else part
    if record.made_every_score:
        return f"The last run {_UNFINISHED[status]}, but these scores are its own."
    whose = f"the one of {_moment(record.earlier)}" if record.earlier else "an earlier one"
    return f"The last run {_UNFINISHED[status]}; these scores may be of {whose}."


def _explain_absence(record: RunRecord) -> str:
    if present_status(record) != "finished":
        return ""
    return f"The last run left no out-of-fold scores ({_selected(record)})."


def _selected(record: RunRecord) -> str:
    names = [name for names in record.selection.values() for name in names]
    return ", ".join(names) or "the whole graph"


def _moment(record: RunRecord) -> str:
    return f"{record.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
