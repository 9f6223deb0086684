"""``kedro run --runner=klue_pipeline.runners.DaskRunner``: nodes run on the workers of a cluster.

Here stands what is asked of a run before it begins, and how it ends. ``dask_cluster.py`` knows
clusters, ``dask_order.py`` who runs when, ``dask_worker.py`` what happens in a worker.
"""

from typing import Any

from kedro.pipeline import Pipeline
from kedro.runner.runner import AbstractRunner

from klue_pipeline.runners.dask_cluster import configured_address, open_cluster, require_dask
from klue_pipeline.runners.dask_order import NodeOrder


class DaskRunner(AbstractRunner):
    """Runs nodes on Dask workers, as many side by side as there are workers.

    A worker that dies has its node run again, once. A node that fails stops what depends on it; the
    rest is finished, then the run fails.

    Args:
        is_async: Whether a node loads and saves in threads, as for each of Kedro's runners.
        address: The scheduler of a cluster, as in ``tcp://node1:8786``. Without one Dask's own
            setting ``scheduler-address`` counts (environment variable ``DASK_SCHEDULER_ADDRESS``);
            without that, workers start on this machine and end with the run.
        workers: How many start here. Without a number, one per visible GPU, or one per core where
            there is none.

    Raises:
        ValueError: Dask is not installed, or workers are asked for beside a cluster that has its
            own.
    """

    def __init__(
        self, is_async: bool = False, address: str | None = None, workers: int | None = None
    ) -> None:
        super().__init__(is_async=is_async)
        require_dask()
        self._address = address or configured_address()
        self._workers = None if workers is None else self._validate_max_workers(workers)
        if self._address and workers is not None:
            raise ValueError(
                f"workers={workers} starts workers on this machine, but the cluster at "
                f"{self._address} has its own; leave one of the two out (the address may come from "
                "DASK_SCHEDULER_ADDRESS)."
            )

    def _get_executor(self, max_workers: int) -> None:
        """Return none: who runs when is decided in :meth:`_run`."""

    def _run(
        self, pipeline: Pipeline, catalog: Any, hook_manager: Any = None, run_id: str | None = None
    ) -> None:
        _refuse_what_stays_in_memory(pipeline, catalog)
        if not pipeline.nodes:
            return
        with open_cluster(self._address, self._workers) as client:
            order = NodeOrder(client, pipeline, catalog, hook_manager, run_id, self._is_async)
            try:
                order.run_all()
            finally:
                order.cancel()
        if order.failed:
            self._suggest_resume_scenario(pipeline, order.done, catalog)
            order.raise_first_error()


def _refuse_what_stays_in_memory(pipeline: Pipeline, catalog: Any) -> None:
    """Want every dataset between two nodes on disk, where both workers find it."""
    between = pipeline.all_outputs() & pipeline.all_inputs()
    lost = sorted(name for name in between if getattr(catalog.get(name), "_EPHEMERAL", False))
    if lost:
        raise ValueError(
            f"DaskRunner cannot run this: {', '.join(lost)} would stay in the memory of the worker "
            "that makes it, where no other finds it. Give each an entry with a file in "
            "conf/base/catalog_*.yml, or use --runner SequentialRunner."
        )
