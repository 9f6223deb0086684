"""Requests that wait at the same time, answered together.

A model answers thirty rows in one go in much less time than one after the other. Nobody waits for
company: whoever asks while nothing is answered is answered at once, by its own thread, and those
that ask in the meantime are the next batch, which the first of them answers. There is no thread
besides the callers' own, so that none can die unseen, nothing has to be shut down, and a process
that is forked needs nothing that its parent had.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Generic, TypeVar
from weakref import WeakMethod

logger = logging.getLogger(__name__)

Row = TypeVar("Row")
Answer = TypeVar("Answer")

ROWS_TOGETHER = 32
"""Rows of several callers that are answered together, unless it is set."""


@dataclass(eq=False)
class _Request(Generic[Row, Answer]):
    rows: Sequence[Row]
    woken: Event = field(default_factory=Event)
    """Set when it is answered, could not be with the others, or is the one to answer them."""
    answers: Sequence[Answer] | None = None
    error: Exception | None = None
    """What its rows raise without the others'."""


class MicroBatches(Generic[Row, Answer]):
    """Puts together what several threads ask at the same time.

    Args:
        answer: Returns an answer for each row, in their order.
        max_rows: Rows of several callers that are answered together. Who asks for more is answered
            alone, at once; with 0, everybody is.
    """

    def __init__(self, answer: Callable[[Sequence[Row]], Sequence[Answer]], max_rows: int) -> None:
        self._answer, self._max_rows = answer, max_rows
        self._forget()
        if hasattr(os, "register_at_fork"):  # which Windows lacks, as it lacks forks
            os.register_at_fork(after_in_child=partial(_call, WeakMethod(self._forget)))

    def ask(self, rows: Sequence[Row]) -> Sequence[Answer]:
        """Return an answer for each row.

        Raises:
            Exception: What ``answer`` raises for these rows; that of others' rows never.
        """
        if not 0 < len(rows) <= self._max_rows:
            return self._answer(rows)
        request: _Request[Row, Answer] = _Request(rows)
        try:
            self._enter(request)
            request.woken.wait()
            if self._leader is request:
                self._answer_next()
        finally:
            self._leave(request)
        if request.error is not None:
            raise request.error
        # Who answers the others may have been stopped amid them: then each asks for itself.
        return self._answer(rows) if request.answers is None else request.answers

    def _forget(self) -> None:
        """Begin anew; in a forked process nobody of those who waited is there."""
        self._lock = Lock()
        self._waiting: deque[_Request[Row, Answer]] = deque()
        self._leader: _Request[Row, Answer] | None = None

    def _enter(self, request: _Request[Row, Answer]) -> None:
        with self._lock:
            self._waiting.append(request)
            if self._leader is None:
                self._appoint()

    def _leave(self, request: _Request[Row, Answer]) -> None:
        with self._lock:
            if request in self._waiting:  # it was interrupted
                self._waiting.remove(request)
            if self._leader is request:
                self._appoint()

    def _appoint(self) -> None:
        self._leader = self._waiting[0] if self._waiting else None
        if self._leader is not None:
            self._leader.woken.set()

    def _answer_next(self) -> None:
        batch = self._take()
        try:
            answers = self._answer([row for request in batch for row in request.rows])
            start = 0
            for request in batch:
                request.answers = answers[start : start + len(request.rows)]
                start += len(request.rows)
        except Exception as error:
            if len(batch) == 1:
                raise
            logger.warning(
                "%d requests failed together; each is asked alone: %s", len(batch), error
            )
            for request in batch:
                self._answer_alone(request)
        finally:
            for request in batch:
                request.woken.set()

    def _answer_alone(self, request: _Request[Row, Answer]) -> None:
        """Find out whose fault it was, one after the other: memory may be too small for all."""
        try:
            request.answers = self._answer(request.rows)
        except Exception as error:
            request.error = error
        request.woken.set()

    def _take(self) -> list[_Request[Row, Answer]]:
        """Take those who have waited longest: the leader, and who fits beside it."""
        with self._lock:
            batch = [self._waiting.popleft()]
            n_rows = len(batch[0].rows)
            while self._waiting and n_rows + len(self._waiting[0].rows) <= self._max_rows:
                batch.append(self._waiting.popleft())
                n_rows += len(batch[-1].rows)
        return batch


def _call(method: "WeakMethod[Callable[[], None]]") -> None:
    if (alive := method()) is not None:
        alive()
