"""Predicted against actual scores of the submitted files, as an SVG that stands in a page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klue_pipeline.reporting.ledger.offsets import Forecast
from klue_pipeline.reporting.pages.svg import write_svg

_INCHES = 4.4
_SMALLEST_SPAN = 2.0
_PADDING_SHARE = 0.06
_LABEL_SHARES = (0.05, 0.03)
"""Width and height that a number takes, as shares of the axes."""

# Seen on a light and on a dark page alike; the page gives texts the colour of its own.
_COLORS = {True: "#2b9a63", False: "#d0564a", None: "#4f86d6"}
_GRAY = "#8a8d96"


def draw_forecasts(forecasts: Mapping[int, tuple[Forecast, str]], title: str) -> Markup:
    """Draw predicted scores to the right and actual ones upwards, on axes of one range.

    Args:
        forecasts: Those with both scores, at least one, by their number in the table beside the
            figure, each with the prior it was predicted for.
        title: What the score is called.

    Returns:
        An ``<svg>`` element whose texts are text; the same input gives the same bytes. The colour
        of a mark says whether its interval holds the actual score; that of a plain prior is
        hollow. A number is left out where it would cover another.
    """
    figure = Figure(figsize=(_INCHES, _INCHES), layout="constrained")
    figure.patch.set_visible(False)
    axes = figure.add_subplot(aspect="equal")
    ends = _find_range([forecast for forecast, _ in forecasts.values()])
    axes.set(xlim=ends, ylim=ends, xlabel=f"predicted {title}", ylabel=f"actual {title}")
    axes.plot(ends, ends, color=_GRAY, linestyle="--", linewidth=1)
    for forecast, prior in forecasts.values():
        _mark(axes, forecast, is_plain=prior == "plain")
    _number(axes, {number: forecast for number, (forecast, _) in forecasts.items()})
    axes.grid(alpha=0.3)
    axes.patch.set_visible(False)
    axes.spines[:].set_color(_GRAY)
    return write_svg(figure, title)


def _find_range(forecasts: Sequence[Forecast]) -> tuple[float, float]:
    numbers = [number for forecast in forecasts for number in astuple(forecast)]
    known = [number for number in numbers if number is not None]
    middle = (min(known) + max(known)) / 2
    half = max(max(known) - min(known), _SMALLEST_SPAN) * (0.5 + _PADDING_SHARE)
    return middle - half, middle + half


def _mark(axes: Axes, forecast: Forecast, *, is_plain: bool) -> None:
    color, (x, y) = _COLORS[forecast.is_inside], _place(forecast)
    if forecast.low is not None and forecast.high is not None:
        axes.plot([forecast.low, forecast.high], [y, y], color=color, alpha=0.55, linewidth=1.5)
    axes.plot([x], [y], color=color, marker="o", mfc="none" if is_plain else color)


def _number(axes: Axes, forecasts: Mapping[int, Forecast]) -> None:
    low, high = axes.get_xlim()
    width, height = ((high - low) * share for share in _LABEL_SHARES)
    taken: list[tuple[float, float]] = []
    for number, forecast in forecasts.items():
        x, y = _place(forecast)
        if any(abs(x - other) < width and abs(y - above) < height for other, above in taken):
            continue
        taken.append((x, y))
        axes.annotate(str(number), (x, y), (5, 4), textcoords="offset points", weight="bold")


def _place(forecast: Forecast) -> tuple[float, float]:
    """Return x and y; Matplotlib leaves out what is no number."""
    x, y = forecast.predicted, forecast.actual
    return math.nan if x is None else x, math.nan if y is None else y
