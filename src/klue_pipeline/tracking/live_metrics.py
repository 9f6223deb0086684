"""Live values of a training loop, sent on in batches so that logging costs next to nothing."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from klue_pipeline.tracking.logged_values import legal_name

PAUSE_AFTER_FAILURE_SECONDS = 60.0


class MetricPoint(NamedTuple):
    """One measured value of a curve."""

    name: str
    value: float
    time_ms: int
    """When it was measured, in milliseconds since 1970."""
    step: int


def points_at_step(step: int, numbers: Mapping[str, float]) -> list[MetricPoint]:
    """Make points of values that were measured now, at one optimizer step."""
    now_ms = int(time.time() * 1000)
    return [MetricPoint(name, value, now_ms, step) for name, value in numbers.items()]


class LiveMetrics:
    """A progress listener that gathers values and hands them on every so often.

    Args:
        send: Takes the gathered values and says whether they arrived. Values that did not are kept
            and sent again; MLflow stores an identical point once.
        every_seconds: Longest time a value waits while the loop keeps reporting.
        max_points: So many waiting values are sent at once.
    """

    def __init__(
        self,
        send: Callable[[Sequence[MetricPoint]], bool],
        every_seconds: float = 2.0,
        max_points: int = 50,
    ) -> None:
        self._send = send
        self._every_seconds = every_seconds
        self._max_points = max_points
        self._waiting: list[MetricPoint] = []
        self._next_send = time.monotonic() + every_seconds
        self._failing = False
        self.last: dict[str, MetricPoint] = {}

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take the values of one optimizer step; the signature of a progress listener."""
        numbers = {legal_name(name): float(value) for name, value in values.items()}
        points = points_at_step(step, numbers)
        self._waiting += points
        self.last.update({point.name: point for point in points})
        full = len(self._waiting) >= self._max_points and not self._failing
        if full or time.monotonic() >= self._next_send:
            self.flush()

    def flush(self) -> None:
        """Send what waits, now."""
        points, self._waiting = self._waiting, []
        self._failing = bool(points) and not self._send(points)
        if self._failing:
            self._waiting = points + self._waiting
        pause = PAUSE_AFTER_FAILURE_SECONDS if self._failing else self._every_seconds
        self._next_send = time.monotonic() + pause

    def final_points(self, numbers: Mapping[str, float]) -> list[MetricPoint]:
        """Place final numbers at the last step, without those their curve already ends on."""
        step = max((point.step for point in self.last.values()), default=0)
        points = points_at_step(step, numbers)
        return [point for point in points if not self._is_reported(point)]

    def _is_reported(self, point: MetricPoint) -> bool:
        last = self.last.get(point.name)
        return last is not None and (last.value, last.step) == (point.value, point.step)
