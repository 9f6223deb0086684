"""No process of a runner outlives the command that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc"),
]

COMMAND = """
import os, time
from pathlib import Path
from kedro.io import DataCatalog, SharedMemoryDataCatalog
from kedro.pipeline import Pipeline, node
from klue_pipeline.commands.interrupts import terminated_like_interrupted
from klue_pipeline.runners import DaskRunner, ParallelRunner

def wait():
    Path(f"worker_{os.getpid()}").touch()
    time.sleep(300)

nodes = [node(wait, None, name, name=name) for name in ("one", "two")]
with terminated_like_interrupted():
    %s
"""
RUNS = {
    # The workers, and the manager of shared datasets.
    "ParallelRunner(max_workers=2).run(Pipeline(nodes), SharedMemoryDataCatalog())": 3,
    # The workers, and what cleans up after them.
    "DaskRunner(workers=2).run(Pipeline(nodes), DataCatalog())": 3,
}


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children_of(pid):
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for children in threads for child in children.read_text().split()]


def wait_until(moment):
    """Wait for what has to come; the limit only keeps a broken test from waiting for ever."""
    end = time.monotonic() + 120
    while not moment():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, -2)]
)
@pytest.mark.parametrize(("run", "n_processes"), RUNS.items(), ids=["parallel", "dask"])
def test_workers_end_with_the_command(tmp_path, run, n_processes, number, code):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND % run], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: len(list(tmp_path.glob("worker_*"))) == 2)
        started = children_of(process.pid)
        assert len(started) >= n_processes
        os.kill(process.pid, number)
        assert process.wait(120) == code
        wait_until(lambda: not any(map(is_running, started)))
    finally:
        process.kill()
