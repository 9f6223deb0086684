"""The hook that leaves a record of every run which makes scores of an experiment.

The record lies beside the experiment's metrics and says how its latest run ended, failed runs
included. A run that another hook refuses has made nothing and leaves the record before as it is.
Trouble with the record is a warning and never the end of a run.
"""

import atexit
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.dataset_facts import facts_of, path_in
from klue_pipeline.runs.parameters import task_of
from klue_pipeline.runs.process import this_process
from klue_pipeline.runs.records.run_records import (
    RunRecord,
    describe_error,
    read_record,
    write_record,
)
from klue_pipeline.runs.resuming import has_nothing_to_do
from klue_pipeline.tracking.record_facts import (
    begin_record,
    lacks_scores,
    makes_scores,
)
from klue_pipeline.tracking.tolerance import Tolerance

RECORD_VARIABLE = "KLUE_RUN_RECORD"
"""Tells workers where the record is, so that they can name the node that failed."""


class RunRecordHooks:
    """Write down how each run of an experiment begins and ends.

    Registered after the hooks that may refuse a run and after tracking: last of all, it begins a
    record once the run is sure to start and its MLflow run has an id.
    """

    def __init__(self) -> None:
        self._context: Any = None
        self._record: RunRecord | None = None
        self._path: Path | None = None
        self._catalog: Any = None
        self._tolerating = Tolerance("The run record")

    # The process of `kedro run`

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember where settings and data are."""
        self._context = context

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Begin a record if the run makes scores."""
        self._close("killed")  # in a notebook, an interrupted run may still be open
        self._catalog = catalog
        if self._context is None or not makes_scores(pipeline, catalog):
            return
        with self._tolerating("be begun"):
            self._begin(run_params, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the record as finished."""
        self._close("finished")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the record as failed, and say why."""
        self._close("failed", describe_error(error))

    def _begin(self, run_params: Mapping[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        # Read only now: other hooks resolve the parameters after the context is made.
        parameters = self._context.config_loader["parameters"]
        path = path_in(catalog, task_of(node.name for node in pipeline.nodes).record)
        if path is None or has_nothing_to_do(run_params, pipeline, catalog):
            return
        previous = read_record(path)
        resumed = run_params.get("only_missing_outputs", False)
        scored = resumed and not lacks_scores(pipeline, catalog)
        if scored and _is_done(previous):
            return
        record = begin_record(
            self._context, parameters, run_params, pipeline, catalog, scored=scored
        ).after(previous)
        write_record(path, record)
        self._record, self._path = record, path
        os.environ[RECORD_VARIABLE] = str(path)
        atexit.register(self._close_at_exit)

    def _close_at_exit(self) -> None:
        """Close the record of a process that ends without a word to the hooks."""
        if self._record is not None and self._record.process == this_process():
            self._close("killed")

    def _close(
        self, status: Literal["finished", "failed", "killed"], error: str | None = None
    ) -> None:
        """Write how the run ended, and forget it."""
        begun, path = self._record, self._path
        atexit.unregister(self._close_at_exit)
        if begun is None or path is None:
            return
        os.environ.pop(RECORD_VARIABLE, None)
        with self._tolerating("be closed"):
            record = read_record(path) or begun  # workers may have added to it
            if self._is_own(record):
                write_record(path, record.ended(status, error))
        self._record = self._path = None

    # Wherever a node runs: the same process or a worker

    @hook_impl
    def before_node_run(self, catalog: Any) -> None:
        """Remember the catalog, which a worker sees here first."""
        self._catalog = catalog

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Say which node failed; of several, the first."""
        self._note(failed_node=node.name)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Say that the run has got as far as its out-of-fold scores."""
        if self._catalog and facts_of(self._catalog, dataset_name).scores == "out_of_fold":
            self._note(scored=True)

    def _note(self, **facts: Any) -> None:
        """Add facts to the open record; what it says already stays."""
        path = self._path_here()
        if path is None:
            return
        with self._tolerating("be written"):
            record = read_record(path)
            if record is None or not self._is_own(record):
                return
            news = {name: value for name, value in facts.items() if not getattr(record, name)}
            if news:
                write_record(path, record.model_copy(update=news))

    def _is_own(self, record: RunRecord) -> bool:
        """Tell whether no other run of this experiment began since; a worker takes it for given."""
        return self._record is None or self._record.is_same_run(record)

    def _path_here(self) -> Path | None:
        """Return the open record's path, in a worker the one that the environment names."""
        if self._context is not None:  # a driver; the environment may be that of an outer run
            return self._path
        named = os.environ.get(RECORD_VARIABLE)
        return Path(named) if named else None


def _is_done(previous: RunRecord | None) -> bool:
    """Tell whether a resumed run that makes no scores has nothing to say of them either."""
    return previous is None or previous.status == "finished"
