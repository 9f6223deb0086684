"""Where the marks of predicted against actual scores stand; a template draws them as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SIZE = 380
"""Width and height of the figure, in units of the SVG."""

_LEFT, _BOTTOM, _RIM = 44, 40, 12
_PADDING_SHARE = 0.06
_SMALLEST_SPAN = 2.0
_MOST_TICKS = 7
_STEPS = (1, 2, 5, 10)
_LABEL_WIDTH, _LABEL_HEIGHT = 16, 11


@dataclass(frozen=True)
class Point:
    """A file with a predicted and an actual score.

    Attributes:
        number: Its number in the table beside the figure.
        name: What it is called.
        prior: What the prediction was told for.
        predicted: 0 to 100.
        low: Lower end of the prediction's interval; None where there is none.
        high: Its upper end.
        actual: 0 to 100.
    """

    number: int
    name: str
    prior: str
    predicted: float
    low: float | None
    high: float | None
    actual: float

    @property
    def is_inside(self) -> bool | None:
        """Whether the interval holds the actual score; None where there is none."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.actual <= self.high


@dataclass(frozen=True)
class Mark:
    """A point in units of the SVG, whose y grows downwards.

    Attributes:
        point: What is marked.
        x: Of the predicted score.
        y: Of the actual score.
        x_low: Of the interval's lower end; ``x`` where there is none.
        x_high: Of its upper end.
        has_label: Whether its number would lie over no other.
    """

    point: Point
    x: float
    y: float
    x_low: float
    x_high: float
    has_label: bool


@dataclass(frozen=True)
class Scatter:
    """A square figure whose two axes have the same range, so that the diagonal means equal.

    Attributes:
        near: Where the axes begin: x of the left one, and the upper rim's y.
        far: Where they end: x of the right rim, and the lower one's y.
        ticks: Scores along both axes, with their x and their y.
        marks: The points.
    """

    near: tuple[float, float]
    far: tuple[float, float]
    ticks: list[tuple[str, float, float]]
    marks: list[Mark]


@dataclass(frozen=True)
class _Scale:
    """From scores to units of the SVG."""

    low: float
    high: float

    def x(self, score: float) -> float:
        width = SIZE - _LEFT - _RIM
        return round(_LEFT + width * (score - self.low) / (self.high - self.low), 1)

    def y(self, score: float) -> float:
        height = SIZE - _BOTTOM - _RIM
        return round(SIZE - _BOTTOM - height * (score - self.low) / (self.high - self.low), 1)


def lay_out(points: Sequence[Point]) -> Scatter:
    """Place points by predicted (to the right) and actual score (upwards).

    Args:
        points: At least one.

    Returns:
        The figure. All points and intervals lie inside; a number is left out where it would cover
        another, as the points of a good week lie close.
    """
    scale = _find_scale(points)
    low, high = scale.low, scale.high
    ticks = [(_write(tick), scale.x(tick), scale.y(tick)) for tick in _find_ticks(low, high)]
    return Scatter(
        near=(scale.x(low), scale.y(high)),
        far=(scale.x(high), scale.y(low)),
        ticks=ticks,
        marks=_place(points, scale),
    )


def _find_scale(points: Sequence[Point]) -> _Scale:
    values = [
        value
        for point in points
        for value in (point.predicted, point.low, point.high, point.actual)
        if value is not None
    ]
    middle = (min(values) + max(values)) / 2
    span = max(max(values) - min(values), _SMALLEST_SPAN) * (1 + 2 * _PADDING_SHARE)
    return _Scale(middle - span / 2, middle + span / 2)


def _find_ticks(low: float, high: float) -> list[float]:
    """Return round scores between two others.

    >>> _find_ticks(68.3, 77.1)
    [70.0, 72.0, 74.0, 76.0]
    """
    smallest = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(smallest))
    step = next(power * factor for factor in _STEPS if power * factor >= smallest)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(step * number, 6) for number in range(first, last + 1)]


def _write(tick: float) -> str:
    return f"{tick:g}"


def _place(points: Sequence[Point], scale: _Scale) -> list[Mark]:
    marks: list[Mark] = []
    for point in points:
        x, y = scale.x(point.predicted), scale.y(point.actual)
        is_free = not any(
            mark.has_label and abs(mark.x - x) < _LABEL_WIDTH and abs(mark.y - y) < _LABEL_HEIGHT
            for mark in marks
        )
        x_low = x if point.low is None else scale.x(point.low)
        x_high = x if point.high is None else scale.x(point.high)
        marks.append(Mark(point, x, y, x_low, x_high, is_free))
    return marks
