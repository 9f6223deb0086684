"""The hook that keeps results in a bucket and their local copy in step."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.checks.remote_results import (
    Wanted,
    fetch_for_comparison,
    fetch_for_run,
    fetch_wanted,
    inputs_of,
    send_dataset,
)
from klue_pipeline.runs.stored_results import graph_around


class RemoteHooks:
    """Fetch before a run, send after each result; without effect on a local ``data_root``."""

    def __init__(self) -> None:
        self._context: Any = None
        self._catalog: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember where settings and data are."""
        self._context = context

    @hook_impl(tryfirst=True)  # all others look at what is on disk
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Fetch what the run reads, skips or compares itself with.

        Raises:
            OSError: The bucket could not be reached, or refused.
        """
        self._catalog = catalog
        if self._context is not None:
            graph = graph_around(pipeline, pipelines)
            resumed = run_params["only_missing_outputs"]
            fetch_for_run(self._context, pipeline, graph, catalog, resumed=resumed)

    def pack_for(self, node: Node) -> Wanted:
        """Return what a worker has to fetch before it runs a node; it may be another machine."""
        return inputs_of(node, self._context, self._catalog)

    def unpack(self, packed: Wanted) -> None:
        """Fetch, in a worker, what the node reads that comes next."""
        fetch_wanted(packed)

    @hook_impl
    def before_node_run(self, catalog: Any) -> None:
        """Remember the catalog, which a worker sees here first."""
        self._catalog = catalog

    @hook_impl(trylast=True)  # what made the result has to be beside it
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Send the result that was just saved.

        Raises:
            OSError: The bucket could not be reached, or refused.
        """
        if self._catalog is not None:
            send_dataset(self._catalog, dataset_name)

    @hook_impl(tryfirst=True)  # others tell of results
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Fetch what workers on other machines made.

        Raises:
            OSError: The bucket could not be reached, or refused.
        """
        if self._context is not None:
            fetch_for_comparison(self._context, pipeline, catalog)
