"""A stage groups its nodes, for Kedro-Viz and for whoever runs stages on machines of their own."""

from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.dataset_names import fold_name, parse_fold


class StageNode(Node):
    """A node that a namespace groups and does not rename.

    Kedro puts the namespace before a node's name: ``average_folds`` would be asked for as
    ``predict.average_folds``, and ``fold_0.train`` as ``train.fold_0.train``. Kedro-Viz draws boxes
    from nothing but namespaces, so a node has one, and keeps the name that people type.
    """

    @property
    def name(self) -> str:
        """The name that was given, with the fold's before it for a node of a fold."""
        return self._name or str(super().name)

    def _copy(self, **overwrite_params: Any) -> "StageNode":
        # Kedro copies a node to tag it, and makes a plain one.
        return _grouped(super()._copy(**overwrite_params), name=self.name)


def as_stage(stage: str, pipeline: Pipeline) -> Pipeline:
    """Group the nodes of a stage under its name; a fold's nodes are a group within.

    Each node gets the stage's name as a tag, and a fold's node the fold's.

    >>> from kedro.pipeline import node
    >>> fold = Pipeline([node(sorted, "rows", "model", name="train")], namespace="fold_0")
    >>> (trains,) = as_stage("train", fold).nodes
    >>> trains.name, trains.namespace, sorted(trains.tags)
    ('fold_0.train', 'train.fold_0', ['fold_0', 'train'])
    """
    return Pipeline([_in_stage(node, stage) for node in pipeline.nodes])


def _in_stage(node: Node, stage: str) -> StageNode:
    part = parse_fold(node.name)
    groups = [stage] if part is None else [stage, fold_name(part.fold)]
    return _grouped(node, name=node.name, namespace=".".join(groups), tags=node.tags | {*groups})


def _grouped(node: Node, **changes: Any) -> StageNode:
    parts = {
        "func": node.func,
        "inputs": node._inputs,
        "outputs": node._outputs,
        "namespace": node.namespace,
        "tags": node.tags,
        "confirms": node.confirms,
    }
    return StageNode(**{**parts, **changes})
