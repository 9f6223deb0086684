"""The few things this project asks of MLflow, over explicit run ids.

MLflow's fluent functions keep one active run per thread, which breaks with parallel folds; its
client does not. ``mlflow`` is imported when the first store is made, so that a command that tracks
nothing does not pay for it.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from klue_pipeline.databases import is_postgres
from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.process import ProcessIdentity, is_dead
from klue_pipeline.tracking.connection import connect
from klue_pipeline.tracking.inputs import RunInput, as_dataset_inputs
from klue_pipeline.tracking.live_metrics import MetricPoint
from klue_pipeline.tracking.logged_values import legal_name
from klue_pipeline.tracking.patience import Patience
from klue_pipeline.tracking.tracking_params import TrackingParams

if TYPE_CHECKING:
    from mlflow.entities import Run

EndStatus = Literal["FINISHED", "FAILED", "KILLED"]
PARENT_TAG = "mlflow.parentRunId"
HOST_TAG, PID_TAG, START_TAG = "klue.host", "klue.pid", "klue.process_start"

MAX_METRICS_PER_CALL = 1000
MAX_PARAMETERS_PER_CALL = 100
MAX_TAG_CHARACTERS = 5000
MAX_RUN_NAME_CHARACTERS = 250
"""MLflow's tables hold no more; sqlite never counts."""
MAX_LOCATION_CHARACTERS = 200 - len(f"/{'0' * 32}/artifacts")
"""Likewise, with what MLflow adds for each run."""
_T = TypeVar("_T")


class TrackingError(RuntimeError):
    """Tracking cannot start: the address, the database or the experiment is not usable."""


class RunStore:
    """Makes, fills and closes runs of one MLflow database or server."""

    def __init__(self, uri: str, patience: Patience | None = None) -> None:
        self.uri = uri
        self.patience = patience or Patience()
        self._client = connect(uri, self.patience)

    def experiment_id(self, name: str, artifact_location: str | None) -> str:
        """Find the experiment, or make it.

        Raises:
            TrackingError: It was deleted in MLflow.
            ValueError: Its artifacts would have addresses that the database cannot hold.
        """
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            if is_postgres(self.uri):
                _require_short(artifact_location or "")
            try:
                return str(self._client.create_experiment(name, artifact_location))
            except MlflowException:  # another process was faster
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage == "deleted":
            raise TrackingError(
                f"The MLflow experiment {name!r} is deleted. Restore it (mlflow experiments "
                f"restore -x {experiment.experiment_id}) or name another one in tracking.yml."
            )
        return str(experiment.experiment_id)

    def experiment_of(self, run_id: str) -> str:
        """Return the experiment of a run that somebody else has started.

        Raises:
            TrackingError: There is no such run, or it was deleted.
        """
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            raise TrackingError(
                f"MLFLOW_RUN_ID names the run {run_id}, which MLflow cannot find: {error}. Name "
                "one of this server or database, or unset the variable."
            ) from error
        if run.info.lifecycle_stage == "deleted":
            raise TrackingError(
                f"MLFLOW_RUN_ID names the run {run_id}, which is deleted. Restore it (mlflow runs "
                f"restore --run-id {run_id}), or unset the variable."
            )
        return str(run.info.experiment_id)

    def start(self, experiment_id: str, name: str, tags: Mapping[str, str]) -> str:
        """Start a run and return its id."""
        legal_tags = {legal_name(key): _tag_text(value) for key, value in tags.items()}
        name = name[:MAX_RUN_NAME_CHARACTERS]
        run = self._client.create_run(experiment_id, tags=legal_tags, run_name=name)
        return str(run.info.run_id)

    def start_child(
        self,
        parent_id: str,
        name: str,
        tags: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
    ) -> str:
        """Start a run below another, with its parameters and inputs, and return its id.

        What it needs comes from the parent, so that any process that knows its id can do it. One
        that is still open with the same tags is that of a worker which died; it is marked KILLED.

        Args:
            parent_id: The run above.
            name: Its name.
            tags: Its tags.
            parameters: Those that it has otherwise than its parent.
        """
        parent = self._client.get_run(parent_id)
        for dead in self._running(parent.info.experiment_id, {PARENT_TAG: parent_id, **tags}):
            self._close(dead, "KILLED")
        child_id = self.start(parent.info.experiment_id, name, {PARENT_TAG: parent_id, **tags})
        self.log_parameters(child_id, {**parent.data.params, **(parameters or {})})
        if parent.inputs is not None and parent.inputs.dataset_inputs:
            self._client.log_inputs(child_id, parent.inputs.dataset_inputs)
        return child_id

    def log_inputs(self, run_id: str, inputs: Sequence[RunInput]) -> None:
        """Say which files a run reads."""
        if inputs:
            self._client.log_inputs(run_id, as_dataset_inputs(inputs))

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
        log: Any = self._client.log_artifacts if path.is_dir() else self._client.log_artifact
        log(run_id, str(path), legal_name(folder), n_bytes=_size_of(path))

    def log_settings(self, run_id: str, settings: Mapping[str, Any]) -> None:
        """Keep all settings of a run in one file, passwords hidden."""
        text = json.dumps(settings, ensure_ascii=False, indent=2, default=str)
        self._client.log_text(run_id, without_passwords(text), "settings.json")

    def log_model(self, run_id: str, folder: Path, name: str) -> None:
        """Keep an MLflow model as one that was logged by the run, so that it can be registered."""
        from mlflow.entities import LoggedModelOutput

        experiment_id = self._client.get_run(run_id).info.experiment_id
        model = self._client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
        upload: Any = self._client.log_model_artifacts
        upload(model.model_id, str(folder), n_bytes=_size_of(folder))
        self._client.finalize_logged_model(model.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])

    def set_tag(self, run_id: str, name: str, value: str) -> None:
        """Set one tag, cut to MLflow's limit."""
        self._client.set_tag(run_id, legal_name(name), _tag_text(value))

    def finish(self, run_id: str, status: EndStatus) -> str:
        """Close a run and those below it that are still open, whoever started them.

        Returns:
            The id of its MLflow experiment.
        """
        run = self._client.get_run(run_id)
        for child in self._running(run.info.experiment_id, {PARENT_TAG: run_id}):
            self._close(child, status)
        self._close(run, status)
        return str(run.info.experiment_id)

    def finish_child(self, run_id: str, status: EndStatus) -> None:
        """Close one run that has none below it."""
        self._close(self._client.get_run(run_id), status)

    def _close(self, run: "Run", status: EndStatus) -> None:
        """Close a run; where the clock was set back meanwhile, at the moment of its start."""
        ended = max(int(time.time() * 1000), run.info.start_time or 0)
        self._client.set_terminated(run.info.run_id, status, end_time=ended)

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

    def delete_runs(self, experiment_id: str, experiment: str) -> int:
        """Delete the runs of one of our experiments with what is below them; MLflow can restore.

        Args:
            experiment_id: Where MLflow keeps the runs of the environment.
            experiment: The experiment with its variant, as its runs are named.

        Returns:
            How many runs were deleted.
        """
        runs = self._client.search_runs([experiment_id], max_results=50_000)
        own = {
            run.info.run_id
            for run in runs
            if (run.info.run_name or "").partition(": ")[0] == experiment
        }
        below = {run.info.run_id for run in runs if run.data.tags.get(PARENT_TAG) in own}
        for run_id in own | below:
            self._client.delete_run(run_id)
        return len(own | below)


def open_store(params: TrackingParams, patience: Patience) -> tuple[RunStore, str]:
    """Connect and find the experiment.

    Returns:
        The store and the experiment's id.

    Raises:
        TrackingError: The database or server cannot be used.
    """
    with refusing(params):
        store = RunStore(params.tracking_uri, patience)
        return store, store.experiment_id(params.experiment, params.artifact_location)


@contextmanager
def refusing(params: TrackingParams) -> Iterator[None]:
    """Turn whatever MLflow raises before a run begins into one message that says what to do.

    Raises:
        TrackingError: The block failed.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:  # each kind of store and each database driver raises its own
        raise TrackingError(
            f"MLflow cannot be used at {without_passwords(params.tracking_uri)}: "
            f"{without_passwords(str(error))}\n"
            "Correct tracking_uri in conf/<env>/tracking.yml or MLFLOW_TRACKING_URI, start the "
            "server, or run without tracking: --params mlflow.enabled=false"
        ) from error


def _require_short(location: str) -> None:
    """Refuse a place for artifacts that MLflow's tables cannot hold.

    Raises:
        ValueError: It is too long.
    """
    if len(location) > MAX_LOCATION_CHARACTERS:
        raise ValueError(
            f"artifact_location {location} has {len(location)} characters; in PostgreSQL MLflow "
            f"can keep {MAX_LOCATION_CHARACTERS}. Name a shorter folder or address "
            "(artifact_location in tracking.yml), or track at an MLflow server, which keeps "
            "artifacts itself"
        )


def _process_of(run: "Run") -> ProcessIdentity:
    """Read which process a run belongs to; one that does not say belongs to another host."""
    tags = run.data.tags
    if not tags.get(PID_TAG, "").isdigit():
        return ProcessIdentity("", 0, None)
    return ProcessIdentity(tags[HOST_TAG], int(tags[PID_TAG]), tags.get(START_TAG))


def _parts(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _tag_text(value: str) -> str:
    return without_passwords(value)[:MAX_TAG_CHARACTERS]


def _size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
