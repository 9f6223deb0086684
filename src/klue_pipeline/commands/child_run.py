"""``kedro run`` in a process of its own: one on the same terminal, or several with log files."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from klue_pipeline.commands.errors import ERROR_FILE
from klue_pipeline.commands.interrupts import PARENT, Terminated

_GRACE_SECONDS = 10.0
"""A process that got Ctrl-C itself closes its MLflow run in this time."""


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        seconds: Wall time.
        error: The whole message of what ended it early; None if it went through.
    """

    seconds: float
    error: str | None


def run_kedro(arguments: Sequence[str]) -> Ended:
    """Run ``kedro run`` with these arguments and wait for its end.

    It inherits the terminal, so that everything it prints and draws looks as if it was typed
    alone, and the working folder. When it ends, all its memory is free, on the GPU too. When this
    process is killed, it ends too.

    Raises:
        KeyboardInterrupt: On Ctrl-C or SIGTERM, once the run has ended too.
    """
    return _run(arguments, _wait_for)


class ChildRuns:
    """Runs side by side, each of which writes to a log file; all of them can be ended at once.

    Args:
        environment: Variables that they get beside those of this process.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock, self._is_over = threading.Lock(), False

    def run(
        self, arguments: Sequence[str], log_file: Path, own: Mapping[str, str] | None = None
    ) -> Ended:
        """Run ``kedro run`` with these arguments and wait for its end; in any thread.

        Args:
            arguments: Those of ``kedro run``.
            log_file: Where it writes what it would print.
            own: Variables of this run alone.
        """
        log_file.parent.mkdir(parents=True, exist_ok=True)

        more = {**self._environment, **(own or {})}

        def wait_for(command: list[str], environment: dict[str, str]) -> int:
            with log_file.open("wb") as log:
                return self._start(command, {**environment, **more}, log).wait()

        return _run(arguments, wait_for)

    def terminate(self) -> None:
        """End those that run, with closed books; no other is started from here on."""
        with self._lock:
            self._is_over = True
            for process in self._running:
                process.terminate()

    def _start(
        self, command: list[str], environment: dict[str, str], log: BinaryIO
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_over:
                raise KeyboardInterrupt
            # In a session of its own a run does not get a terminal's Ctrl-C beside our signal.
            process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._running.add(process)
        return process


def _run(arguments: Sequence[str], wait_for: Callable[[list[str], dict[str, str]], int]) -> Ended:
    with tempfile.TemporaryDirectory(prefix="klue-") as folder:
        error_file = Path(folder) / "error.txt"
        started_at = time.perf_counter()
        code = wait_for(
            [sys.executable, "-m", "kedro", "run", *arguments],
            {**os.environ, ERROR_FILE: str(error_file), PARENT: str(os.getpid())},
        )
        seconds = time.perf_counter() - started_at
        message = error_file.read_text(encoding="utf-8") if error_file.is_file() else None
    return Ended(seconds, None if code == 0 else message or describe_exit(code))


def describe_exit(code: int) -> str:
    """Say how a process ended that could not say it itself.

    >>> describe_exit(-9)
    'killed by SIGKILL; a machine short of memory does that'
    >>> describe_exit(2)
    'ended with code 2; its output says why'
    """
    if code >= 0:
        return f"ended with code {code}; its output says why"
    hint = "; a machine short of memory does that" if -code == signal.SIGKILL else ""
    return f"killed by {signal.Signals(-code).name}{hint}"


def _wait_for(command: list[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter
    try:
        return process.wait()
    except Terminated:
        process.terminate()
        process.wait()
        raise
    except KeyboardInterrupt:
        _interrupt(process)
        raise
    finally:
        process.kill()
        process.wait()


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Let a run close its books: a terminal sends Ctrl-C to it too, ``kill -INT`` does not."""
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
