"""The parent run: opened by the process of ``kedro run``, joined by its workers."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klue_pipeline.runs.dataset_facts import DatasetFacts
from klue_pipeline.runs.process import this_process
from klue_pipeline.tracking.live_metrics import points_at_step
from klue_pipeline.tracking.logged_values import (
    flat_parameters,
    logged_numbers,
    rows_added_tags,
)
from klue_pipeline.tracking.mlflow_client import RunStore, open_store
from klue_pipeline.tracking.run_tags import run_name, run_tags
from klue_pipeline.tracking.tracking_params import TrackingParams, without_password

logger = logging.getLogger(__name__)

PARENT_VARIABLE = "KLUE_MLFLOW_PARENT"
URI_VARIABLE = "KLUE_MLFLOW_URI"
LOG_MODELS_VARIABLE = "KLUE_MLFLOW_LOG_MODELS"
WORKER_VARIABLES = (PARENT_VARIABLE, URI_VARIABLE, LOG_MODELS_VARIABLE)
"""What a worker needs to join. Processes started during the run inherit them; a runner whose
workers are older than the run ships them with its tasks."""


@dataclass(frozen=True)
class ParentRun:
    """The run of one ``kedro run``, as its own process or a worker sees it."""

    store: RunStore
    run_id: str
    log_models: bool
    pid: int
    """The process that opened or joined it; a forked child must not close it."""

    def log_saved(self, facts: DatasetFacts, data: Any, path: Path | None) -> None:
        """Log the numbers and the file of a saved dataset, as far as its facts ask for it.

        Args:
            facts: What the catalog says of it.
            data: What was saved.
            path: Its file or folder; None for one without.
        """
        if numbers := logged_numbers(facts, data):
            self.store.log_metrics(self.run_id, points_at_step(0, numbers))
        if facts.tags == "rows_added":
            for name, value in rows_added_tags(data).items():
                self.store.set_tag(self.run_id, name, value)
        for folder in (facts.artifact, facts.model if self.log_models else None):
            if folder is not None and path is not None:
                self.store.log_path(self.run_id, path, folder)


def open_parent(
    params: TrackingParams,
    parameters: Mapping[str, Any],
    run_params: Mapping[str, Any],
    project_path: Path,
) -> ParentRun:
    """Start the run of this command, and close those of earlier commands that were killed.

    Args:
        params: Where to track.
        parameters: The run's resolved parameters.
        run_params: Kedro's record of the command.
        project_path: Folder of the project.

    Raises:
        TrackingError: The database or server cannot be used.
    """
    store, experiment_id = open_store(params)
    for dead in store.close_dead_runs(experiment_id, this_process()):
        logger.warning("MLflow run %s was killed while it ran; it is marked KILLED now", dead)
    name = run_name(parameters)
    run_id = store.start(experiment_id, name, run_tags(parameters, run_params, project_path))
    store.log_parameters(run_id, flat_parameters(parameters))
    shown = (name, run_id, params.experiment, without_password(params.tracking_uri))
    logger.info("Tracking in MLflow: run %s (%s), experiment %s, %s", *shown)
    return ParentRun(store, run_id, params.log_models, os.getpid())


def invite_workers(parent: ParentRun) -> None:
    """Tell processes started from here on which run they belong to."""
    os.environ[PARENT_VARIABLE] = parent.run_id
    os.environ[URI_VARIABLE] = parent.store.uri
    os.environ[LOG_MODELS_VARIABLE] = str(int(parent.log_models))


def dismiss_workers() -> None:
    """Take the invitation back, so that nothing joins a closed run."""
    for name in WORKER_VARIABLES:
        os.environ.pop(name, None)


def invited_to() -> str | None:
    """Return the id of the run this process is to join, or None."""
    return os.environ.get(PARENT_VARIABLE)


def join_parent() -> ParentRun:
    """Join the run that the environment names."""
    store = RunStore(os.environ[URI_VARIABLE])
    log_models = os.environ.get(LOG_MODELS_VARIABLE) == "1"
    return ParentRun(store, os.environ[PARENT_VARIABLE], log_models, os.getpid())
