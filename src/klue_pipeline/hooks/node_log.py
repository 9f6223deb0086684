"""The hook that says which node runs and how long it took, in one line each."""

import logging
import os
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.console import quieten
from klue_pipeline.runs.resuming import nodes_to_run

logger = logging.getLogger(__name__)

_WORTH_A_SECOND_LINE_SECONDS = 5.0


class NodeLogHooks:
    """Log every node by its full name, which Kedro's own lines lack, with its place in the run."""

    def __init__(self) -> None:
        self._started_at = 0.0
        self._number = self._total = 0
        self._driver = 0
        """The process that counts; a worker may have inherited this hook."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Count the nodes that are going to run."""
        self._driver = os.getpid()
        self._number, self._total = 0, len(nodes_to_run(run_params, pipeline, catalog))

    @hook_impl
    def before_dataset_loaded(self) -> None:
        """Quieten a worker too: Kedro configures its logging after it has read the settings."""
        quieten()

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:  # noqa: ARG002
        """Say which node starts."""
        self._started_at = time.perf_counter()
        self._number += 1
        # A worker has not seen the nodes of the others; Kedro counts what they have completed.
        is_driver = self._driver == os.getpid()
        place = f"[{self._number}/{self._total}] " if is_driver else ""
        logger.info("%s%s", place, node.name)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Say how long a long node took."""
        seconds = time.perf_counter() - self._started_at
        if seconds >= _WORTH_A_SECOND_LINE_SECONDS:
            logger.info("%s took %.0f s", node.name, seconds)

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Say which node failed; why comes at the end of the command, and only once."""
        logger.error("%s failed", node.name)
