"""Child runs of one node that trains many times: one for each trial of a search."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from klue_pipeline.runs.parameters import task_of
from klue_pipeline.runs.tasks import Task
from klue_pipeline.tracking.live_metrics import LiveMetrics, MetricPoint
from klue_pipeline.tracking.logged_values import flat_parameters
from klue_pipeline.tracking.mlflow_client import EndStatus
from klue_pipeline.tracking.parent_run import ParentRun
from klue_pipeline.tracking.tolerance import Tolerance
from klue_pipeline.training.progress import Part, listening, set_part_opener

if TYPE_CHECKING:
    from kedro.pipeline.node import Node

_OF_PARTS = (
    "search_settings", "odqa.search_reader_settings", "odqa.search_retriever_settings",
)  # fmt: skip
"""The nodes whose parts get runs of their own."""


class PartRuns:
    """Opens, fills and closes a run below the command's for each part of a node."""

    def __init__(self, tolerating: Tolerance) -> None:
        self._tolerating = tolerating

    def start(self, parent: ParentRun, node: "Node") -> None:
        """Follow the parts of a node that has some."""
        if node.name in _OF_PARTS:
            set_part_opener(partial(self._follow, parent, task_of([node.name])))

    def stop(self) -> None:
        """Follow no part any more."""
        set_part_opener(None)

    @contextmanager
    def _follow(self, parent: ParentRun, task: Task[Any], part: Part) -> Iterator[None]:
        run_id = self._open(parent, task, part)
        if run_id is None:
            yield
            return
        live = LiveMetrics(partial(self._send, parent, run_id))
        status: EndStatus = "KILLED"
        try:
            with listening(live):
                yield
            status = "FINISHED"
        except Exception as error:
            status = "FAILED"
            part.tags["klue.error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            live.flush()
            self._close(parent, run_id, part, live.final_points(part.metrics), status)

    def _open(self, parent: ParentRun, task: Task[Any], part: Part) -> str | None:
        run_id: str | None = None
        with self._tolerating(f"start the run of {part.name}"):
            settings = flat_parameters({"settings": part.settings}, ["settings"])
            # As the parameters of the run above are called, which it has otherwise.
            own = {
                task.own_name(name.removeprefix("settings.")): text
                for name, text in settings.items()
            }
            run_id = parent.store.start_child(parent.run_id, part.name, part.tags, own)
        return run_id  # noqa: RET504 - the block above may end early

    def _send(self, parent: ParentRun, run_id: str, points: Sequence[MetricPoint]) -> bool:
        arrived = False
        with self._tolerating("log live values"):
            parent.store.log_metrics(run_id, points)
            arrived = True
        return arrived  # noqa: RET504 - the block above may end early

    def _close(
        self,
        parent: ParentRun,
        run_id: str,
        part: Part,
        points: Sequence[MetricPoint],
        status: EndStatus,
    ) -> None:
        with self._tolerating(f"close the run of {part.name}"):
            parent.store.log_metrics(run_id, points)
            for name, value in part.tags.items():
                parent.store.set_tag(run_id, name, value)
            parent.store.finish_child(run_id, status)
