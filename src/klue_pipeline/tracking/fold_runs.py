"""Child runs: one for each training in this process, of a fold or outside of folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from klue_pipeline.runs.dataset_names import fold_name, parse_fold
from klue_pipeline.tracking.live_metrics import LiveMetrics, MetricPoint
from klue_pipeline.tracking.logged_values import flat_numbers
from klue_pipeline.tracking.mlflow_client import EndStatus, RunStore
from klue_pipeline.tracking.parent_run import ParentRun
from klue_pipeline.tracking.tolerance import Tolerance
from klue_pipeline.training.progress import set_listener

if TYPE_CHECKING:
    from kedro.pipeline.node import Node

_TRAIN = ("train", "train_reader")
"""The nodes of every fold that get a run of their own."""
_OUTSIDE_OF_FOLDS = {
    "adapt_encoder": "adapt",
    "refit": "refit",
    "odqa.train_retriever": "retriever",
    "odqa.train_reranker": "reranker",
}
"""What the runs of nodes are called that train outside of folds, by the node."""


@dataclass(frozen=True)
class FoldRun:
    """The run of one fold, open until the node's last output is saved."""

    store: RunStore
    run_id: str
    live: LiveMetrics
    log_models: bool
    unsaved: set[str]
    """Outputs of the node that are still to be saved."""


class FoldRuns:
    """Opens, fills and closes the run of each fold; nodes without one are ignored."""

    def __init__(self, tolerating: Tolerance) -> None:
        self._tolerating = tolerating
        self._open: dict[str, FoldRun] = {}

    def start(self, parent: ParentRun, node: "Node") -> None:
        """Open the run of a training, and listen to what the training reports."""
        part = parse_fold(node.name)
        in_fold = part is not None and part.name in _TRAIN
        if not in_fold and node.name not in _OUTSIDE_OF_FOLDS:
            return
        name = _OUTSIDE_OF_FOLDS[node.name] if part is None else fold_name(part.fold)
        tags = {} if part is None else {"klue.fold": str(part.fold)}
        tags["kedro.node"] = node.name
        run_id = parent.store.start_child(parent.run_id, name, tags)
        live = LiveMetrics(partial(self._send, parent.store, run_id))
        outputs = set(node.outputs)
        self._open[node.name] = FoldRun(parent.store, run_id, live, parent.log_models, outputs)
        set_listener(live)

    def _send(self, store: RunStore, run_id: str, points: Sequence[MetricPoint]) -> bool:
        """Log points of a curve; tell whether they arrived."""
        arrived = False
        with self._tolerating("log live values"):
            store.log_metrics(run_id, points)
            arrived = True
        return arrived  # noqa: RET504 - the block above may end early

    def stop_listening(self, node: "Node") -> None:
        """Send the rest of the live values."""
        fold_run = self._open.get(node.name)
        if fold_run is not None:
            set_listener(None)
            fold_run.live.flush()

    def log_saved(
        self, node: "Node", kind: Literal["metrics", "model"] | None, data: Any, path: Path | None
    ) -> None:
        """Log a saved output: the training's final metrics and, if wanted, its model."""
        fold_run = self._open.get(node.name)
        if fold_run is None:
            return
        if kind == "metrics":
            final = fold_run.live.final_points(flat_numbers(data))
            fold_run.store.log_metrics(fold_run.run_id, final)
        if kind == "model" and fold_run.log_models and path is not None:
            fold_run.store.log_path(fold_run.run_id, path, "model")

    def count_saved(self, node: "Node", dataset_name: str) -> None:
        """Close the run as FINISHED if this was the node's last output."""
        fold_run = self._open.get(node.name)
        if fold_run is None:
            return
        fold_run.unsaved.discard(dataset_name)
        if not fold_run.unsaved:
            self._close(node, "FINISHED")

    def fail(self, node: "Node", reason: str) -> None:
        """Close the run of a fold whose training failed."""
        fold_run = self._open.get(node.name)
        if fold_run is None:
            return
        with self._tolerating(f"say why {node.name} failed"):
            fold_run.store.set_tag(fold_run.run_id, "klue.error", reason)
        self._close(node, "FAILED")

    def _close(self, node: "Node", status: EndStatus) -> None:
        fold_run = self._open.pop(node.name)
        with self._tolerating(f"close the run of {node.name}"):
            fold_run.store.finish_child(fold_run.run_id, status)

    def abandon(self) -> None:
        """Send what waits and forget the open runs; whoever closes the parent closes them."""
        abandoned, self._open = self._open, {}
        set_listener(None)
        for fold_run in abandoned.values():
            fold_run.live.flush()
