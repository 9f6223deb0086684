"""What a worker of this machine does when it starts and when it ends; Dask calls it by name."""

import os
import signal
import threading
from typing import Any

from tqdm import tqdm


def dask_setup(worker: Any) -> None:  # noqa: ARG001 (Dask's signature)
    """Leave Ctrl-C, which a terminal sends to every process, to the command that was typed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The lock between processes that it would make is reported as lost when a worker is killed.
    tqdm.set_lock(threading.RLock())


def dask_teardown(worker: Any) -> None:  # noqa: ARG001 (Dask's signature)
    """End at once, in the middle of a node too: nobody waits for its result any more."""
    os._exit(0)
