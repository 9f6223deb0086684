"""The audit as a figure: the noise of each label."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import PercentFormatter

from klue_pipeline.reporting.fonts import drawable_names

_BAR_INCHES, _MARGIN_INCHES, _SMALLEST_INCHES = 0.24, 1.5, 4.5
_WIDTH_INCHES = 8.5
_FONT_POINTS = 9
_NOISE, _UNKNOWN, _ISSUES = "#c44e52", "#d8d8d8", "#222222"
_FEWEST_ROWS = 10
"""A share of fewer rows than this says little."""


def draw_label_audit(noise: pd.DataFrame, report: dict[str, Any]) -> Figure:
    """Draw the noise of every label.

    The noise is an upper bound: what the model gets wrong by itself is counted as well.

    Args:
        noise: The noise of each label, by
            :func:`klue_pipeline.relation.label_audit.noise.tabulate_noise`.
        report: The audit's report.

    Returns:
        One panel. Labels without rows are left out; those that the model never predicts or that
        have fewer than 10 rows are grey, as their noise means nothing.
    """
    shown = noise[noise["support"] > 0].sort_values("noise_share", kind="stable")
    height = max(_SMALLEST_INCHES, _MARGIN_INCHES + len(shown) * _BAR_INCHES)
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    axes = figure.subplots()
    _draw_noise(axes, shown)
    _name_axes(axes, shown, report)
    return figure


def _draw_noise(axes: Axes, shown: pd.DataFrame) -> None:
    places = np.arange(len(shown))
    is_known = (shown["predicted"] > 0) & (shown["support"] >= _FEWEST_ROWS)
    for known, color, name in [
        (True, _NOISE, "estimated noise, an upper bound"),
        (False, _UNKNOWN, f"fewer than {_FEWEST_ROWS} rows, or never predicted: says little"),
    ]:
        part = (is_known == known).to_numpy()
        if part.any():
            axes.barh(places[part], shown["noise_share"][part], color=color, label=name)
    axes.plot(shown["issues"] / shown["support"], places, "|", color=_ISSUES, label="called issues")
    axes.legend(loc="lower right", fontsize="small")


def _name_axes(axes: Axes, shown: pd.DataFrame, report: dict[str, Any]) -> None:
    names, font_path = drawable_names(shown["label"].tolist())
    ticks = [f"{name} ({rows:,})" for name, rows in zip(names, shown["support"], strict=True)]
    font = FontProperties(fname=font_path, size=_FONT_POINTS)
    axes.set_yticks(range(len(shown)), ticks, fontproperties=font)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_ylabel("given label (rows)")
    axes.set_xlabel("share of the label's rows")
    axes.set_title(
        f"Noise of the labels: {report['issues']:,} issues in {report['rows']['audited']:,} rows\n"
        f"(the model agrees with {report['agreement_share']:.0%}; its own errors count as noise)"
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
