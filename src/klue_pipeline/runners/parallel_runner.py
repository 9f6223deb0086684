"""Kedro's parallel runner, none of whose processes outlives the command that started it."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from types import TracebackType

from kedro.runner import ParallelRunner as KedrosParallelRunner
from kedro.runner.parallel_runner import ParallelRunnerManager
from kedro.runner.runner import AbstractRunner


class ParallelRunner(KedrosParallelRunner):
    """``ParallelRunner`` that leaves no process behind, however its own one ends.

    After Ctrl-C or SIGTERM the workers are ended instead of waited for; after ``kill -9`` they
    notice that nobody waits for their results any more.
    """

    def __init__(self, max_workers: int | None = None, is_async: bool = False) -> None:
        # Kedro's own starts the manager of shared datasets with no word to it.
        AbstractRunner.__init__(self, is_async=is_async)
        self._manager = ParallelRunnerManager()
        self._manager.start(end_with_parent)
        self._max_workers = self._validate_max_workers(max_workers)

    def _get_executor(self, max_workers: int) -> Executor:
        context = os.environ.get("KEDRO_MP_CONTEXT")
        known = context in multiprocessing.get_all_start_methods()
        return _Workers(
            max_workers,
            mp_context=multiprocessing.get_context(context if known else None),
            initializer=end_with_parent,
        )


class _Workers(ProcessPoolExecutor):
    """Worker processes that an interrupted ``with`` block ends."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        if kind is not None and not issubclass(kind, Exception):
            for process in multiprocessing.active_children():
                process.terminate()
        return super().__exit__(kind, error, traceback)


def end_with_parent() -> None:
    """Let this process end when the one that started it does; called in the new process.

    Ctrl-C in a terminal reaches every process. Here it is left to the parent, so that a worker does
    not report it as a node's failure and take the next node.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
