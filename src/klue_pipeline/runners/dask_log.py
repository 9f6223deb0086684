"""The lines that a node logs, from the worker that runs it to the command that wants it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OURS = "klue_pipeline"


def our_level() -> int:
    """Return from which level on the command shows lines of this package."""
    return logging.getLogger(_OURS).getEffectiveLevel()


@contextmanager
def telling(worker: Any, topic: str, level: int) -> Iterator[None]:
    """Send what the block logs to whoever listens, instead of writing it here."""
    root = logging.getLogger()
    logging.getLogger(_OURS).setLevel(level)
    former, root.handlers = root.handlers, [_Sender(worker, topic)]
    try:
        yield
    finally:
        root.handlers = former


def write_told(event: tuple[float, Any]) -> None:
    """Log a line that a worker has sent as if it was logged here; a handler of Dask's events."""
    told = event[1]
    record = logging.makeLogRecord({"name": told["name"], "levelno": told["level"]})
    record.levelname, record.msg = logging.getLevelName(told["level"]), told["text"]
    logging.getLogger(told["name"]).handle(record)


class _Sender(logging.Handler):
    """Hands each line to the scheduler, which knows who listens."""

    def __init__(self, worker: Any, topic: str) -> None:
        super().__init__()
        self._worker, self._topic = worker, topic

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line, with the traceback that belongs to it."""
        told = {"name": record.name, "level": record.levelno, "text": self.format(record)}
        self._worker.log_event(self._topic, told)
