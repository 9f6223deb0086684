"""What the latest run of an experiment came to: kept beside its metrics, read by the leaderboard.

Scores alone do not say that the last run failed, how long it took or where MLflow keeps it; a
record does, without asking MLflow. It is a value here: the hook writes it, the catalog reads it.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_serializer

from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process
from klue_pipeline.runs.topology import Kind

logger = logging.getLogger(__name__)

RecordStatus = Literal["running", "finished", "failed", "killed"]
RunStatus = Literal["running", "finished", "failed", "killed", "scores only"]
"""``scores only``: no record, as of an experiment that was run before there were any."""

MAX_ERROR_CHARACTERS = 400
_ERROR_LINES = 3

_UNFINISHED = {"running": "is not over yet", "failed": "failed", "killed": "was killed"}
_KILLED = "Its process ended without a word, as after Ctrl-C, or on a machine short of memory."


class _Stored(BaseModel):
    """Part of a record; fields that another version wrote are let through."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TrackedRun(_Stored):
    """Where MLflow keeps a run."""

    tracking_uri: str
    """Database or server, without its password."""
    experiment: str
    run_id: str

    @property
    def link(self) -> str | None:
        """The run's page on an MLflow server; None for a database, which has no pages."""
        if not self.tracking_uri.startswith(("http://", "https://")):
            return None
        return f"{self.tracking_uri.rstrip('/')}/#/runs/{self.run_id}"


class RunRecord(_Stored):
    """One ``kedro run`` that makes scores of an experiment."""

    experiment: str
    """Its entry in the lab book."""
    run_name: str | None
    """The variant, which has a folder of its own; None for the entry itself."""
    why: str
    """The hypothesis, as the lab book had it then."""
    kind: Kind
    selection: dict[str, list[str]]
    """What the command chose of the graph (``pipeline_names``, ``node_names`` …); empty: all."""
    scores_every_fold: bool
    """Whether the run makes the out-of-fold scores from nothing, not only a part of them."""
    started_at: AwareDatetime
    process: ProcessIdentity
    mlflow: TrackedRun | None
    git_commit: str | None
    git_dirty: bool | None
    status: RecordStatus = "running"
    ended_at: AwareDatetime | None = None
    seconds: float | None = None
    """Wall time of the whole command; how long training took stands in the folds' metrics."""
    error: str | None = None
    """Type and first lines of the message, in one line."""
    failed_node: str | None = None
    scored: bool = False
    """Whether the run got as far as its out-of-fold scores; an error may come later."""
    earlier: "RunRecord | None" = None
    """The latest finished run of every fold before this one; None once this one is that."""

    @field_serializer("process")
    def _name_process_fields(self, process: ProcessIdentity) -> dict[str, Any]:
        return process._asdict()

    @property
    def made_every_score(self) -> bool:
        """Whether the out-of-fold scores are this run's, all of them."""
        return self.scores_every_fold and (self.scored or self.status == "finished")

    def is_same_run(self, other: "RunRecord | None") -> bool:
        """Tell whether two records are of one run, in two moments."""
        if other is None:
            return False
        return (self.process, self.started_at) == (other.process, other.started_at)

    def after(self, previous: "RunRecord | None") -> Self:
        """Return this record with what has to be remembered of the one that it replaces."""
        if previous is None:
            return self
        is_maker = previous.made_every_score
        earlier = previous.model_copy(update={"earlier": None}) if is_maker else previous.earlier
        return self.model_copy(update={"earlier": earlier})

    def ended(
        self, status: Literal["finished", "failed", "killed"], error: str | None = None
    ) -> Self:
        """Return the record of the run's end, now.

        Args:
            status: How it ended.
            error: Why, for a failure.
        """
        now = datetime.now(UTC)
        changes = {
            "status": status,
            "ended_at": now,
            "seconds": round((now - self.started_at).total_seconds(), 3),
            "error": error,
        }
        record = self.model_copy(update=changes)
        keeps = None if record.made_every_score else record.earlier
        return record.model_copy(update={"earlier": keeps})


class RunSummary(_Stored):
    """What a leaderboard shows of an experiment's latest run."""

    status: RunStatus
    why: str = ""
    kind: Kind | None = None
    error: str | None = None
    note: str = ""
    """Which run the scores are of, where that is not plain."""
    mlflow: TrackedRun | None = None
    """The run that made the scores; without scores, the latest one."""


def summarise_run(record: RunRecord | None, *, has_scores: bool) -> RunSummary:
    """Say how an experiment's latest run ended, and whose scores are on disk.

    Args:
        record: The experiment's record; None if there is none.
        has_scores: Whether the experiment has out-of-fold scores on disk.
    """
    if record is None:
        return RunSummary(status="scores only")
    maker = record if record.made_every_score or record.earlier is None else record.earlier
    return RunSummary(
        status=present_status(record),
        why=record.why,
        kind=record.kind,
        error=_place_error(record),
        note=_explain_scores(record) if has_scores else _explain_absence(record),
        mlflow=maker.mlflow if has_scores else record.mlflow,
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


def parse_records(stored: Mapping[str, Callable[[], Any]]) -> dict[str, RunRecord]:
    """Read the records of all experiments; one that cannot be read is told, and left out.

    Args:
        stored: What loads each record, by the experiment's folder.

    Returns:
        The records by folder.
    """
    records: dict[str, RunRecord] = {}
    for folder, load in stored.items():
        try:
            records[folder] = RunRecord.model_validate(load())
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
            )
            logger.warning(
                "The run record of %s is left out, it cannot be read (%s); its next run writes a "
                "new one",
                folder,
                problems,
            )
    return records


def describe_error(error: BaseException) -> str:
    r"""Return type and first lines of an error, in one line.

    >>> describe_error(ValueError("Settings are wrong:\n  loss: found 3\n\n"))
    'ValueError: Settings are wrong: loss: found 3'
    >>> describe_error(KeyboardInterrupt())
    'KeyboardInterrupt'
    """
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()]
    message = " ".join([*lines[:_ERROR_LINES], *(["…"] if len(lines) > _ERROR_LINES else [])])
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    cut = len(text) > MAX_ERROR_CHARACTERS
    return f"{text[: MAX_ERROR_CHARACTERS - 1]}…" if cut else text


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
