"""The parent run: opened by the process of ``kedro run``, joined by its workers."""

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.dataset_facts import DatasetFacts
from klue_pipeline.runs.parameters import task_of
from klue_pipeline.runs.process import this_process
from klue_pipeline.runs.records.mlflow_pages import run_page, server_of
from klue_pipeline.tracking.inputs import find_inputs
from klue_pipeline.tracking.live_metrics import points_at_step
from klue_pipeline.tracking.logged_values import (
    flat_parameters,
    logged_numbers,
    rows_added_tags,
)
from klue_pipeline.tracking.mlflow_client import (
    PARENT_TAG,
    EndStatus,
    RunStore,
    open_store,
    refusing,
)
from klue_pipeline.tracking.patience import SECONDS_TO_SAY_GOODBYE, Patience
from klue_pipeline.tracking.run_tags import run_name, run_tags, selection_of
from klue_pipeline.tracking.tracking_params import TrackingParams

logger = logging.getLogger(__name__)

PARENT_VARIABLE = "KLUE_MLFLOW_PARENT"
URI_VARIABLE = "KLUE_MLFLOW_URI"
LOG_MODELS_VARIABLE = "KLUE_MLFLOW_LOG_MODELS"
OUTER_VARIABLE = "MLFLOW_RUN_ID"
"""MLflow's own: a run that somebody else has begun, below which this command's run belongs."""
EXPERIMENT_VARIABLE = "KLUE_MLFLOW_EXPERIMENT"
WORKER_VARIABLES = (PARENT_VARIABLE, URI_VARIABLE, LOG_MODELS_VARIABLE, EXPERIMENT_VARIABLE)
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
    experiment_id: str | None = None
    """MLflow's number of the experiment that it belongs to, as addresses of pages have it."""

    def describe(
        self,
        parameters: Mapping[str, Any],
        run_params: Mapping[str, Any],
        graph: tuple[Pipeline, Any],
    ) -> None:
        """Log what the run is begun with; a run that this fails for is closed at once."""
        pipeline, catalog = graph
        task = task_of(node.name for node in pipeline.nodes)
        read = task.groups_in(pipeline.inputs()) if selection_of(run_params) else None
        described = task.described(parameters, pipeline.inputs())
        try:
            self.store.log_parameters(self.run_id, flat_parameters(described, read))
            self.store.log_settings(self.run_id, parameters)
            self.store.log_inputs(self.run_id, find_inputs(pipeline, catalog))
        except Exception:
            with suppress(Exception):  # the first error is the one to tell
                self.finish("FAILED")
            raise

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
        if facts.artifact is not None and path is not None:
            self.store.log_path(self.run_id, path, facts.artifact)
        if facts.model is not None and path is not None and self.log_models:
            self.store.log_model(self.run_id, path, facts.model)

    def finish(self, status: EndStatus) -> str:
        """Close the run, and return its page.

        If MLflow was given up, it is asked once more, as it may be back.
        """
        self.store.patience.grant(SECONDS_TO_SAY_GOODBYE)
        experiment_id = self.store.finish(self.run_id, status)
        return run_page(experiment_id, self.run_id, server_of(self.store.uri))


def open_parent(
    params: TrackingParams,
    patience: Patience,
    context: Any,
    run_params: Mapping[str, Any],
    graph: tuple[Pipeline, Any],
) -> ParentRun:
    """Start the run of this command, and close those of earlier commands that were killed.

    Args:
        params: Where to track.
        patience: How long to wait for MLflow, in all.
        context: The Kedro context of the run.
        run_params: Kedro's record of the command.
        graph: The nodes that the command chose, and their catalog.

    Raises:
        TrackingError: The database or server cannot be used.
    """
    store, experiment_id = open_store(params, patience)
    # Read only now: other hooks resolve the parameters after the context is made.
    parameters = context.config_loader["parameters"]
    pipeline = graph[0]
    task = task_of(node.name for node in pipeline.nodes)
    described = task.described(parameters, pipeline.inputs())
    name = run_name(described, run_params)
    tags = run_tags(described, run_params, context.project_path)
    with refusing(params):
        for dead in store.close_dead_runs(experiment_id, this_process()):
            logger.warning("MLflow run %s was killed while it ran; it is marked KILLED now", dead)
        if outer := os.environ.get(OUTER_VARIABLE):
            experiment_id, tags = store.experiment_of(outer), {PARENT_TAG: outer, **tags}
        run_id = store.start(experiment_id, name, tags)
        parent = ParentRun(store, run_id, params.log_models, os.getpid(), experiment_id)
        parent.describe(parameters, run_params, graph)
    shown = (name, run_id, params.experiment, without_passwords(params.tracking_uri))
    logger.info("Tracking in MLflow: run %s (%s), experiment %s, %s", *shown)
    return parent


def invite_workers(parent: ParentRun) -> None:
    """Tell processes started from here on which run they belong to."""
    os.environ[PARENT_VARIABLE] = parent.run_id
    os.environ[URI_VARIABLE] = parent.store.uri
    os.environ[EXPERIMENT_VARIABLE] = parent.experiment_id or ""
    os.environ[LOG_MODELS_VARIABLE] = str(int(parent.log_models))


def dismiss_workers() -> None:
    """Take the invitation back, so that nothing joins a closed run."""
    for name in WORKER_VARIABLES:
        os.environ.pop(name, None)


def invited_to() -> str | None:
    """Return the id of the run this process is to join, or None."""
    return os.environ.get(PARENT_VARIABLE)


def join_parent(patience: Patience) -> ParentRun:
    """Join the run that the environment names."""
    store = RunStore(os.environ[URI_VARIABLE], patience)
    log_models = os.environ.get(LOG_MODELS_VARIABLE) == "1"
    return ParentRun(store, os.environ[PARENT_VARIABLE], log_models, os.getpid())
