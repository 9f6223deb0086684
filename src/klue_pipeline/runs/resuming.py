"""Which nodes a run is going to execute, known before Kedro's runner says so."""

from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node


def nodes_to_run(run_params: Mapping[str, Any], pipeline: Pipeline, catalog: Any) -> list[Node]:
    """Return the nodes of a command in their order; ``--only-missing-outputs`` skips some.

    By the rule of Kedro's runners: what is stored and there is not made again, and what is not
    stored only where a node reads it that runs.

    Args:
        run_params: Kedro's record of the command.
        pipeline: The nodes that the command chose.
        catalog: The catalog of the run.
    """
    if not run_params.get("only_missing_outputs", False):
        return pipeline.nodes
    chosen: list[Node] = []
    read: set[str] = set()
    for node in reversed(pipeline.nodes):
        lacking = {name for name in node.outputs if not _is_there(catalog, name)}
        stored = {name for name in lacking if _is_stored(catalog, name)}
        if not node.outputs or stored or lacking & read:
            chosen.append(node)
            read.update(node.inputs)
    return chosen[::-1]


def has_nothing_to_do(run_params: Mapping[str, Any], pipeline: Pipeline, catalog: Any) -> bool:
    """Tell whether a resumed run finds everything made already, so that no node runs."""
    return bool(pipeline.nodes) and not nodes_to_run(run_params, pipeline, catalog)


def _is_stored(catalog: Any, name: str) -> bool:
    return name in catalog and not getattr(catalog.get(name), "_EPHEMERAL", False)


def _is_there(catalog: Any, name: str) -> bool:
    return _is_stored(catalog, name) and bool(catalog.exists(name))
