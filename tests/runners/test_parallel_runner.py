"""No process of the parallel runner outlives the command that started it."""

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
from kedro.io import SharedMemoryDataCatalog
from kedro.pipeline import Pipeline, node
from klue_pipeline.commands.interrupts import terminated_like_interrupted
from klue_pipeline.runners import ParallelRunner

def wait():
    Path(f"worker_{os.getpid()}").touch()
    time.sleep(300)

nodes = [node(wait, None, name, name=name) for name in ("one", "two")]
with terminated_like_interrupted():
    ParallelRunner(max_workers=2).run(Pipeline(nodes), SharedMemoryDataCatalog())
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def wait_until(moment):
    """Wait for what has to come; the limit only keeps a broken test from waiting for ever."""
    end = time.monotonic() + 120
    while not moment():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, -2)]
)
def test_workers_end_with_the_command(tmp_path, number, code):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: len(list(tmp_path.glob("worker_*"))) == 2)
        started = children_of(process.pid)  # the workers, and the manager of shared datasets
        assert len(started) >= 3
        os.kill(process.pid, number)
        assert process.wait(120) == code
        wait_until(lambda: not any(map(is_running, started)))
    finally:
        process.kill()
