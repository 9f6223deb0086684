"""Which node is handed to a cluster when, and what becomes of those that fail."""

import logging
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runners.dask_cluster import GPU
from klue_pipeline.runners.dask_log import write_told
from klue_pipeline.runners.dask_worker import Orders, Report, run_node

logger = logging.getLogger(__name__)

_GPU_TAG = "gpu"
_SECONDS_BETWEEN_LOOKS = 2.0
_EVENTS = "all"
"""The topic under which Dask tells what becomes of its workers."""


class NodeOrder:
    """Hands the nodes of one run to a cluster, each once all that it reads is there.

    Attributes:
        done: The nodes that went through.
        failed: What stopped the others that ran, by node.
    """

    def __init__(
        self,
        client: Any,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: Any,
        run_id: str | None,
        is_async: bool = False,
    ) -> None:
        self._client, self._hook_manager = client, hook_manager
        self._waiting: dict[Node, set[Node]] = {
            node: pipeline.node_dependencies[node] for node in pipeline.nodes
        }
        self._running: dict[Any, Node] = {}
        self._orders = Orders.of_this_process(catalog, run_id, is_async=is_async)
        self.done: set[Node] = set()
        self.failed: dict[Node, Exception] = {}

    def run_all(self) -> None:
        """Run every node that can; return once none is left that waits for no failed one."""
        self._client.subscribe_topic(_EVENTS, self._tell_of_death)
        self._client.subscribe_topic(self._orders.token, write_told)
        self._hand_out()
        while self._running:
            for future in self._wait_for_some():
                self._note(self._running.pop(future), future)
            self._hand_out()

    def cancel(self) -> None:
        """Take back what is still running; a worker ends such a node at its next step."""
        for topic in (_EVENTS, self._orders.token):
            self._client.unsubscribe_topic(topic)
        self._client.cancel(list(self._running))
        self._running.clear()

    def raise_first_error(self) -> None:
        """Say which nodes failed and which could not run for them, then raise what came first.

        Raises:
            Exception: What stopped the first node that failed.
        """
        names = ", ".join(node.name for node in self.failed)
        lacking = ", ".join(node.name for node in self._waiting)
        for node, error in list(self.failed.items())[1:]:
            logger.error("%s: %s", node.name, error)
        logger.error(
            "Of %d nodes, %d failed: %s.%s --only-missing-outputs goes on from here.",
            len(self.done) + len(self.failed) + len(self._waiting),
            len(self.failed),
            names,
            f" Without them could not run: {lacking}." if lacking else "",
        )
        raise next(iter(self.failed.values()))

    def _hand_out(self) -> None:
        """Hand out what can run, and no more than there are workers for.

        Dask would let the others wait behind one that is busy, and if that one died, lay its death
        to them too.
        """
        claims = [worker["resources"] for worker in self._workers()]
        free, free_gpus = len(claims), sum(GPU in claim for claim in claims)
        wants_gpu = {node for node in self._waiting if free_gpus and _GPU_TAG in node.tags}
        busy = list(self._running.values())
        ready = [node for node, needed in self._waiting.items() if needed <= self.done]
        for node in ready:
            on_gpu = node in wants_gpu
            if len(busy) >= max(free, 1):
                return
            if on_gpu and sum(_GPU_TAG in other.tags for other in busy) >= free_gpus:
                continue
            busy.append(node)
            del self._waiting[node]
            self._running[self._submit(node, {GPU: 1} if on_gpu else {})] = node

    def _workers(self) -> list[dict[str, Any]]:
        return list(self._client.scheduler_info()["workers"].values())

    def _submit(self, node: Node, resources: dict[str, int]) -> Any:
        orders = self._orders.for_node(node, self._hook_manager)
        return self._client.submit(
            run_node, node, orders, pure=False, retries=0, resources=resources or None,
            key=f"{node.name}-{self._orders.token}",
        )  # fmt: skip

    def _wait_for_some(self) -> list[Any]:
        from distributed import wait
        from distributed.client import FuturesCancelledError

        try:
            wait(list(self._running), _SECONDS_BETWEEN_LOOKS, "FIRST_COMPLETED")
        except TimeoutError:
            return []  # there may be more workers now than before
        except FuturesCancelledError as error:  # nobody here has taken any back
            raise ConnectionError(
                f"The Dask scheduler at {self._client.scheduler.address} is gone; once there is "
                "one again, --only-missing-outputs goes on from here."
            ) from error
        return [future for future in self._running if future.done()]

    def _note(self, node: Node, future: Any) -> None:
        report = self._report_of(node, future)
        if report.error is not None:
            self.failed[node] = report.error
            return
        self.done.add(node)
        total = len(self.done) + len(self.failed) + len(self._running) + len(self._waiting)
        logger.info("%s is done, on %s (%d of %d)", node.name, report.worker, len(self.done), total)

    def _report_of(self, node: Node, future: Any) -> Report:
        """Return how a node ended; where its workers died, the hooks here hear of it instead."""
        try:
            report: Report = future.result()
        except Exception as problem:  # Dask's own kinds: dead workers, code that they do not have
            error = _explain(node, problem)
            self._hook_manager.hook.on_node_error(
                error=error, node=node, catalog=self._orders.catalog, inputs={},
                is_async=self._orders.is_async, run_id=self._orders.run_id,
            )  # fmt: skip
            return Report("", error)
        return report

    def _tell_of_death(self, event: tuple[float, Any]) -> None:
        """Warn where a worker died over a node of this run; called in a thread of Dask."""
        message = event[1]
        if not isinstance(message, dict) or message.get("action") != "remove-worker":
            return
        keys = {future.key: node for future, node in list(self._running.items())}
        lost = [keys[key].name for key in message["processing-tasks"] if key in keys]
        if lost and not message["expected"]:
            logger.warning("The worker that ran %s died; a node is run again once.", lost[0])


def _explain(node: Node, problem: Exception) -> Exception:
    from distributed import KilledWorker

    if isinstance(problem, KilledWorker):
        return RuntimeError(
            f"{node.name}: {problem.allowed_failures + 1} workers died while they ran it. A "
            "machine short of memory does that, or a fault in a library; the log of the last one, "
            f"{problem.last_worker.address}, may say more."
        )
    return RuntimeError(f"{node.name} could not run on the cluster: {problem}")
