"""The hook that keeps results of different settings apart, and stores what made each result."""

import atexit
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.checks.changed_results import Commands
from klue_pipeline.runs.checks.kept_results import make_room
from klue_pipeline.runs.checks.missing_inputs import require_inputs
from klue_pipeline.runs.dataset_facts import path_in
from klue_pipeline.runs.dataset_names import plain_name
from klue_pipeline.runs.disk.atomic_file import require_free_space
from klue_pipeline.runs.disk.origin_store import Origin, OriginStore
from klue_pipeline.runs.disk.running import announce, withdraw
from klue_pipeline.runs.stored_results import (
    StoredResults,
    claim_of,
    graph_around,
    read_stored_results,
)


class LineageHooks:
    """Refuse to mix results of different settings; let an interrupted run go on."""

    def __init__(self) -> None:
        self._store = OriginStore()
        self._context: Any = None
        self._catalog: Any = None
        self._results: StoredResults | None = None
        self._origins: Mapping[str, Origin] = {}
        """What makes each result, by plain name; in a worker those of the node that it runs."""
        self._claim: Path | None = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember where settings and data are."""
        self._context = context

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Compare what this run keeps or reads with what its settings would make.

        Raises:
            ValueError: Something on disk was made by other settings, or is no longer what was
                saved. Or something that the run reads is not there. Or another run is under way
                that works on the same results.
        """
        self._catalog = catalog
        if self._context is None:
            return
        whole = graph_around(pipeline, pipelines)
        # Read only now: another hook resolves the parameters after the context is made.
        results = read_stored_results(self._context, whole, catalog)
        require_inputs(pipeline, pipelines, results, run_params)
        commands = Commands(pipelines, run_params)
        self._claim = announce(results.running_folder, claim_of(results, pipeline))
        atexit.register(self._release)
        try:
            make_room(results, pipeline, commands, resumed=run_params["only_missing_outputs"])
        except BaseException:
            self._release()
            raise
        self._results, self._origins = results, results.origins

    def pack_for(self, node: Node) -> dict[str, Origin]:
        """Return what makes the outputs of a node that a worker is going to run."""
        names = map(plain_name, node.outputs)
        return {name: self._origins[name] for name in names if name in self._origins}

    def unpack(self, packed: Mapping[str, Origin]) -> None:
        """Take, in a worker, what makes the outputs of the node that comes next."""
        self._origins = packed

    @hook_impl
    def before_node_run(self, catalog: Any) -> None:
        """Remember the catalog, which a worker sees here first."""
        self._catalog = catalog

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Forget the stored origin, so that a kill while saving leaves no false claim."""
        path = self._path_of(dataset_name)
        if path is not None:
            self._store.remove(path)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Store what made the result that was just saved."""
        path = self._path_of(dataset_name)
        origin = self._origins.get(plain_name(dataset_name))
        if path is not None and origin is not None:
            self._store.write(path, origin, dataset_name)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Forget that a run was under way."""
        if self._results is not None:
            self._results.fulfil(pipeline.all_outputs())
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Make way for the next run; what is planned stays planned.

        Raises:
            OSError: The disk is full, which libraries tell in words of their own or not at all.
        """
        self._release()
        if self._results is not None and not isinstance(error.__cause__, OSError):
            require_free_space(self._results.data_root, error)

    def _release(self) -> None:
        atexit.unregister(self._release)
        if self._claim is not None:
            withdraw(self._claim)
        self._claim = None

    def _path_of(self, dataset_name: str) -> Path | None:
        return None if self._catalog is None else path_in(self._catalog, dataset_name)
