"""The few things this project asks of MLflow, over explicit run ids.

MLflow's fluent functions keep one active run per thread, which breaks with parallel folds; its
client does not. ``mlflow`` is imported when the first store is made, so that a command that tracks
nothing does not pay for it.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from klue_pipeline.runs.process import ProcessIdentity, is_dead
from klue_pipeline.tracking.live_metrics import MetricPoint
from klue_pipeline.tracking.tracking_params import (
    SQLITE_PREFIX,
    TrackingParams,
    sqlite_file,
    without_password,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

logger = logging.getLogger(__name__)

EndStatus = Literal["FINISHED", "FAILED", "KILLED"]
PARENT_TAG = "mlflow.parentRunId"
HOST_TAG, PID_TAG, START_TAG = "klue.host", "klue.pid", "klue.process_start"

MAX_METRICS_PER_CALL = 1000
MAX_PARAMETERS_PER_CALL = 100
MAX_TAG_CHARACTERS = 5000
SQLITE_WAIT_SECONDS = 30.0

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # the default 7 stops a training for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
"""MLflow's own settings, unless the user has set them."""
SQLITE_ENVIRONMENT = {"MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool"}
"""An open sqlite connection must not cross a fork: none is kept between two calls (3 ms each)."""
NOISY_LOGGERS = ("mlflow.store.db.utils", "mlflow.store.tracking", "alembic")

_T = TypeVar("_T")


class TrackingError(RuntimeError):
    """Tracking cannot start: the address, the database or the experiment is not usable."""


class RunStore:
    """Makes, fills and closes runs of one MLflow database or server."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._client = _connect(uri)

    def experiment_id(self, name: str, artifact_location: str | None) -> str:
        """Find the experiment, or make it.

        Raises:
            TrackingError: It was deleted in MLflow.
        """
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return str(self._client.create_experiment(name, artifact_location))
            except MlflowException:  # another process was faster
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage == "deleted":
            raise TrackingError(
                f"The MLflow experiment {name!r} is deleted. Restore it (mlflow experiments "
                f"restore -x {experiment.experiment_id}) or name another one in mlflow.yml."
            )
        return str(experiment.experiment_id)

    def start(self, experiment_id: str, name: str, tags: Mapping[str, str]) -> str:
        """Start a run and return its id."""
        legal_tags = {key: value[:MAX_TAG_CHARACTERS] for key, value in tags.items()}
        run = self._client.create_run(experiment_id, tags=legal_tags, run_name=name)
        return str(run.info.run_id)

    def start_child(self, parent_id: str, name: str, tags: Mapping[str, str]) -> str:
        """Start a run below another, with the other's parameters, and return its id.

        What it needs comes from the parent, so that any process that knows its id can do it.
        """
        parent = self._client.get_run(parent_id)
        child_id = self.start(parent.info.experiment_id, name, {PARENT_TAG: parent_id, **tags})
        self.log_parameters(child_id, parent.data.params)
        return child_id

    def log_parameters(self, run_id: str, parameters: Mapping[str, str]) -> None:
        """Log parameters, as many at a time as MLflow takes."""
        from mlflow.entities import Param

        for part in _parts(list(parameters.items()), MAX_PARAMETERS_PER_CALL):
            params = [Param(name, value) for name, value in part]
            self._client.log_batch(run_id, params=params, synchronous=True)

    def log_metrics(self, run_id: str, points: Sequence[MetricPoint]) -> None:
        """Log points of curves, as many at a time as MLflow takes."""
        from mlflow.entities import Metric

        for part in _parts(points, MAX_METRICS_PER_CALL):
            metrics = [Metric(p.name, p.value, p.time_ms, p.step) for p in part]
            self._client.log_batch(run_id, metrics=metrics, synchronous=True)

    def log_path(self, run_id: str, path: Path, folder: str) -> None:
        """Copy a file, or what is in a folder, into an artifact folder of the run."""
        log = self._client.log_artifacts if path.is_dir() else self._client.log_artifact
        log(run_id, str(path), folder)

    def set_tag(self, run_id: str, name: str, value: str) -> None:
        """Set one tag, cut to MLflow's limit."""
        self._client.set_tag(run_id, name, value[:MAX_TAG_CHARACTERS])

    def finish(self, run_id: str, status: EndStatus) -> None:
        """Close a run and those below it that are still open, whoever started them."""
        experiment_id = self._client.get_run(run_id).info.experiment_id
        for child in self._running(experiment_id, {PARENT_TAG: run_id}):
            self._client.set_terminated(child.info.run_id, status)
        self._client.set_terminated(run_id, status)

    def finish_child(self, run_id: str, status: EndStatus) -> None:
        """Close one run that has none below it."""
        self._client.set_terminated(run_id, status)

    def close_dead_runs(self, experiment_id: str, here: ProcessIdentity) -> list[str]:
        """Mark as KILLED the open runs whose process on this host is over, with their children.

        Returns:
            The ids of the runs that were closed, without the children.
        """
        candidates = self._running(experiment_id, {HOST_TAG: here.host})
        dead = [run.info.run_id for run in candidates if is_dead(_process_of(run))]
        for run_id in dead:
            self.finish(run_id, "KILLED")
        return dead

    def _running(self, experiment_id: str, tags: Mapping[str, str]) -> "list[Run]":
        wanted = [f"tags.`{name}` = '{value}'" for name, value in tags.items()]
        query = " and ".join(["attributes.status = 'RUNNING'", *wanted])
        return list(self._client.search_runs([experiment_id], query, max_results=1000))


def open_store(params: TrackingParams) -> tuple[RunStore, str]:
    """Connect and find the experiment.

    Returns:
        The store and the experiment's id.

    Raises:
        TrackingError: The database or server cannot be used.
    """
    try:
        store = RunStore(params.tracking_uri)
        return store, store.experiment_id(params.experiment, params.artifact_location)
    except TrackingError:
        raise
    except Exception as error:  # each kind of store and each database driver raises its own
        raise TrackingError(
            f"MLflow cannot be used at {without_password(params.tracking_uri)}: {error}\n"
            "Correct tracking_uri in conf/<env>/mlflow.yml or MLFLOW_TRACKING_URI, start the "
            "server, or run without tracking: --params mlflow.enabled=false"
        ) from error


def _connect(uri: str) -> "MlflowClient":
    """Import MLflow quietly and make a client."""
    file = sqlite_file(uri)
    for name, value in {**ENVIRONMENT, **(SQLITE_ENVIRONMENT if file else {})}.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in NOISY_LOGGERS:  # only now: importing MLflow configures its loggers
        logging.getLogger(name).setLevel(logging.WARNING)
    if file is not None and not file.exists():
        _create_database(file)
    elif file is not None:
        _require_usable_sqlite(file)
    return MlflowClient(tracking_uri=uri)


def _create_database(file: Path) -> None:
    """Make a new database with MLflow's tables, whole or not at all.

    MLflow makes its tables step by step. A process that is killed meanwhile leaves a database that
    never works again, and two processes that start together break each other; so each makes a
    draft of its own, and the first one to be ready wins.
    """
    from mlflow import MlflowClient

    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        _require_usable_sqlite(draft)
        MlflowClient(tracking_uri=f"{SQLITE_PREFIX}{draft.as_posix()}")
        _move_unless_there(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _move_unless_there(draft: Path, file: Path) -> None:
    try:
        os.link(draft, file)  # unlike a rename, never replaces
    except OSError:  # another process was faster, or the file system has no links
        if not file.exists():
            draft.rename(file)


def _require_usable_sqlite(file: Path) -> None:
    """Fail at once on a file that is no database or cannot be written; MLflow retries for minutes.

    Raises:
        sqlite3.Error: The file cannot be opened, read or written.
    """
    with closing(sqlite3.connect(file, timeout=SQLITE_WAIT_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def _process_of(run: "Run") -> ProcessIdentity:
    """Read which process a run belongs to; one that does not say belongs to another host."""
    tags = run.data.tags
    if not tags.get(PID_TAG, "").isdigit():
        return ProcessIdentity("", 0, None)
    return ProcessIdentity(tags[HOST_TAG], int(tags[PID_TAG]), tags.get(START_TAG))


def _parts(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
