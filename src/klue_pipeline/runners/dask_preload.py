"""What a worker of this machine does when it starts and when it ends; Dask calls it by name."""

import os
import signal
import sys
import threading
from typing import Any, TextIO

from tqdm import tqdm


def dask_setup(worker: Any) -> None:  # noqa: ARG001 (Dask's signature)
    """Leave Ctrl-C, which a terminal sends to every process, to the command that was typed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The lock between processes that it would make is reported as lost when a worker is killed.
    tqdm.set_lock(threading.RLock())
    # Bars of several workers would draw over each other.
    sys.stderr = _NoTerminal(sys.stderr)


class _NoTerminal:
    """A stream that says it is a file, on which no bars are drawn."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        """Say no."""
        return False


def dask_teardown(worker: Any) -> None:  # noqa: ARG001 (Dask's signature)
    """End at once, in the middle of a node too: nobody waits for its result any more."""
    os._exit(0)
