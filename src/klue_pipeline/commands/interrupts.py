"""SIGTERM, with which batch systems end a job, ends a command as Ctrl-C does: with closed books.

So does the end of the command that started it, as ``kedro experiments`` does.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

PARENT = "KLUE_PARENT_PROCESS"
"""Environment variable by which a command tells the one that it starts its process id."""
_SECONDS_BETWEEN_LOOKS = 1.0


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; whatever heeds Ctrl-C heeds it too."""


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Raise :class:`Terminated` in the block on SIGTERM, and end with the code that shells give it.

    A second SIGTERM, as when a whole group of processes gets it, does not cut the end short.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    former = signal.signal(signal.SIGTERM, _raise)
    try:
        if parent := os.environ.pop(PARENT, None):  # not for processes that this one starts
            threading.Thread(target=_terminate_after, args=(int(parent),), daemon=True).start()
        yield
    except Terminated:
        click.echo("\nStopped by SIGTERM; --only-missing-outputs goes on from here.", err=True)
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        if signal.getsignal(signal.SIGTERM) is _raise:
            signal.signal(signal.SIGTERM, former)


def _terminate_after(parent: int) -> None:
    """Send this process SIGTERM once its parent is gone: only ``kill -9`` leaves it no other."""
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _raise(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 (signal's signature)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated
