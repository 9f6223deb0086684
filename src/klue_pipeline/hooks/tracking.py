"""MLflow tracking as Kedro hooks: nodes stay pure, what they report and return is what is logged.

One parent run per ``kedro run``; one child run per fold that is trained, with its live curves. Runs
are found by id, also from worker processes, which inherit the parent's id through the environment.
After the start, trouble with MLflow is a warning and never the end of a training.
"""

import atexit
import logging
import os
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from klue_pipeline.runs.dataset_facts import facts_of
from klue_pipeline.runs.resuming import has_nothing_to_do
from klue_pipeline.tracking.fold_runs import FoldRuns
from klue_pipeline.tracking.logged_values import saved_path
from klue_pipeline.tracking.mlflow_client import EndStatus
from klue_pipeline.tracking.parent_run import (
    ParentRun,
    dismiss_workers,
    invite_workers,
    invited_to,
    join_parent,
    open_parent,
)
from klue_pipeline.tracking.part_runs import PartRuns
from klue_pipeline.tracking.patience import Patience
from klue_pipeline.tracking.tolerance import Tolerance
from klue_pipeline.tracking.tracking_params import TrackingParams, read_tracking_params

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

logger = logging.getLogger(__name__)


class TrackingHooks:
    """Tracks every ``kedro run`` in MLflow. Register one instance in ``settings.HOOKS``."""

    def __init__(self) -> None:
        self._context: KedroContext | None = None
        self._params: TrackingParams | None = None
        self._parent: ParentRun | None = None
        self._catalog: DataCatalog | None = None
        self._tolerating = Tolerance()
        self._patience = Patience()
        self._folds = FoldRuns(self._tolerating)
        self._parts = PartRuns(self._tolerating)

    # The process of `kedro run`

    @hook_impl
    def after_context_created(self, context: "KedroContext") -> None:
        """Read the settings; a wrong one stops the command here."""
        self._context = context
        self._params = read_tracking_params(context)

    @hook_impl(trylast=True)  # a run that another hook refuses leaves no trace
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: "Pipeline", catalog: "DataCatalog"
    ) -> None:
        """Open the parent run, unless no node is going to run."""
        self._close("KILLED")  # in a notebook, an interrupted run may still be open
        self._catalog = catalog
        self._tolerating.begin()
        if self._params is None or self._context is None or not self._params.enabled:
            return
        if has_nothing_to_do(run_params, pipeline, catalog):
            return
        graph = (pipeline, catalog)
        self._patience = Patience()
        self._parent = open_parent(self._params, self._patience, self._context, run_params, graph)
        invite_workers(self._parent)
        atexit.register(self._close_at_exit)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the parent run as FINISHED."""
        self._close("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the parent run, and folds still open, as FAILED."""
        if self._parent is not None:
            with self._tolerating("say why the run failed"):
                self._parent.store.set_tag(self._parent.run_id, "klue.error", _describe(error))
        self._close("FAILED")

    def _close_at_exit(self) -> None:
        """Close the run of a process that ends without a word to the hooks, as after Ctrl-C."""
        if self._parent is not None and self._parent.pid == os.getpid():
            self._close("KILLED")

    def _close(self, status: EndStatus) -> None:
        """Close the parent run with whatever is open below it, and forget it."""
        parent, self._parent = self._parent, None
        atexit.unregister(self._close_at_exit)
        self._folds.abandon()
        if parent is None:
            return
        dismiss_workers()
        page = self._finish(parent, status)
        if page is not None:
            logger.info("This run in MLflow (make mlflow shows a local one): %s", page)
        else:
            logger.warning(
                "MLflow shows run %s as RUNNING still; the next run on this machine marks it "
                "KILLED.",
                parent.run_id,
            )

    def _finish(self, parent: ParentRun, status: EndStatus) -> str | None:
        """Close the parent run, and return its page if that worked."""
        page: str | None = None
        with self._tolerating("close the run"):
            page = parent.finish(status)
        return page  # noqa: RET504 - the block above may end early

    # Wherever a node runs: the same process or a worker

    @hook_impl
    def before_node_run(self, node: "Node", catalog: "DataCatalog") -> None:
        """Open a child run if the node trains a fold."""
        self._catalog = catalog
        with self._tolerating(f"start the run of {node.name}"):
            parent = self._current_parent()
            if parent is not None:
                self._folds.start(parent, node)
                self._parts.start(parent, node)

    @hook_impl
    def after_node_run(self, node: "Node") -> None:
        """Send the rest of a fold's live values."""
        self._folds.stop_listening(node)
        self._parts.stop()

    @hook_impl
    def on_node_error(self, error: Exception, node: "Node") -> None:
        """Close a failed fold's run, and say on the parent which node failed."""
        self._folds.stop_listening(node)
        self._parts.stop()
        self._folds.fail(node, _describe(error))
        with self._tolerating(f"say that {node.name} failed"):
            parent = self._current_parent()
            if parent is not None:
                parent.store.set_tag(parent.run_id, "klue.failed_node", node.name)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: "Node") -> None:
        """Log the numbers and files of a saved dataset; a fold's run ends with its last output."""
        with self._tolerating(f"log {dataset_name}"):
            parent = self._current_parent()
            if parent is not None and self._catalog is not None:
                facts = facts_of(self._catalog, dataset_name)
                path = saved_path(self._catalog.get(dataset_name))
                self._folds.log_saved(node, facts.training, data, path)
                parent.log_saved(facts, data, path)
        self._folds.count_saved(node, dataset_name)

    def _current_parent(self) -> ParentRun | None:
        """Return this process's own run, or in a worker the one that the environment names."""
        if self._params is not None:  # a driver; the environment may be that of an outer run
            return self._parent
        wanted = invited_to()
        if wanted is None:
            return None
        if self._parent is None or self._parent.run_id != wanted:
            self._parent = join_parent(self._patience)
        return self._parent


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
