"""What the latest run of an experiment came to: kept beside its metrics, read by the leaderboard.

Scores alone do not say that the last run failed, how long it took or where MLflow keeps it; a
record does, without asking MLflow. What a leaderboard shows of it is the job of
:mod:`~klue_pipeline.runs.records.run_summary`.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from kedro.io import DatasetError
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_serializer

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.runs.disk.mirror.sending import send_file
from klue_pipeline.runs.process import ProcessIdentity
from klue_pipeline.runs.records.mlflow_pages import run_page, server_of
from klue_pipeline.runs.topology import Kind

logger = logging.getLogger(__name__)

RecordStatus = Literal["running", "finished", "failed", "killed"]
MAX_ERROR_CHARACTERS = 400
_ERROR_LINES = 3


class StoredModel(BaseModel):
    """Part of a record; fields that another version wrote are let through."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TrackedRun(StoredModel):
    """Where MLflow keeps a run."""

    tracking_uri: str
    """Database or server, without its password."""
    experiment: str
    run_id: str
    experiment_id: str | None = None
    """MLflow's number of the experiment; None in records of earlier versions."""

    @property
    def link(self) -> str | None:
        """The run's page, as its end printed it; None without the experiment's number."""
        if self.experiment_id is None:
            return None
        return run_page(self.experiment_id, self.run_id, server_of(self.tracking_uri))


class RunRecord(StoredModel):
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

    @property
    def maker(self) -> "RunRecord":
        """The latest run that made all out-of-fold scores, as far as it is known."""
        return self if self.made_every_score else self.earlier or self

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
        now = max(datetime.now(UTC), self.started_at)  # the clock may have been set back
        changes = {
            "status": status,
            "ended_at": now,
            "seconds": round((now - self.started_at).total_seconds(), 3),
            "error": error,
        }
        record = self.model_copy(update=changes)
        keeps = None if record.made_every_score else record.earlier
        return record.model_copy(update={"earlier": keeps})


def read_record(path: Path) -> RunRecord | None:
    """Read a record; None where there is none, or none that this version can read."""
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        logger.warning("%s is no run record that can be read; a new one replaces it", path)
        logger.debug("%s", error)
        return None


def write_record(path: Path, record: RunRecord) -> None:
    """Write a record, whole or not at all.

    Raises:
        OSError: The folder cannot be written, or the bucket that it stands for.
    """
    write_text(path, record.model_dump_json(indent=2) + "\n")
    send_file(path)


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
        except (ValidationError, DatasetError, ValueError) as error:
            problems = explain_errors(error) if isinstance(error, ValidationError) else [str(error)]
            logger.warning(
                "The run record of %s is left out, it cannot be read (%s); its next run writes a "
                "new one",
                folder,
                "; ".join(problems),
            )
    return records


def describe_error(error: BaseException) -> str:
    r"""Return type and first lines of an error, in one line.

    >>> describe_error(ValueError("Settings are wrong:\n  loss: found 3\n\n"))
    'ValueError: Settings are wrong: loss: found 3'
    >>> describe_error(KeyboardInterrupt())
    'KeyboardInterrupt'
    """
    told = without_passwords(str(error))
    lines = [" ".join(line.split()) for line in told.splitlines() if line.strip()]
    message = " ".join([*lines[:_ERROR_LINES], *(["…"] if len(lines) > _ERROR_LINES else [])])
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    cut = len(text) > MAX_ERROR_CHARACTERS
    return f"{text[: MAX_ERROR_CHARACTERS - 1]}…" if cut else text
