"""The audit as a figure: the noise of each label and, if labels were flipped, what was found."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import PercentFormatter

from klue_pipeline.reporting.fonts import drawable_names

_BAR_INCHES, _MARGIN_INCHES, _SMALLEST_INCHES = 0.24, 1.5, 4.5
_BARS_WIDTH_INCHES, _CURVE_WIDTH_INCHES = 8.5, 6.5
_FONT_POINTS = 9
_NOISE, _UNKNOWN, _ISSUES = "#c44e52", "#d8d8d8", "#222222"
_PRECISION, _RECALL = "#1f6fb4", "#d97706"
_FEWEST_ROWS = 10
"""A share of fewer rows than this says little."""


def draw_label_audit(noise: pd.DataFrame, report: dict[str, Any]) -> Figure:
    """Draw the noise of every label, and precision and recall where the errors are known.

    The noise is an upper bound: what the model gets wrong by itself is counted as well.

    Args:
        noise: The noise of each label, by
            :func:`klue_pipeline.relation.label_audit.noise.tabulate_noise`.
        report: The audit's report; its ``validation`` is drawn unless it is None.

    Returns:
        One panel, or two. Labels without rows are left out; those that the model never
        predicts or that have fewer than 10 rows are grey, as their noise means nothing.
    """
    shown = noise[noise["support"] > 0].sort_values("noise_share", kind="stable")
    validation = report["validation"]
    height = max(_SMALLEST_INCHES, _MARGIN_INCHES + len(shown) * _BAR_INCHES)
    widths = [_BARS_WIDTH_INCHES, *([_CURVE_WIDTH_INCHES] if validation else [])]
    figure = Figure(figsize=(sum(widths), height), layout="constrained")
    panels = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
    _draw_noise(panels[0], shown, report)
    if validation:
        _draw_curve(panels[1], validation)
    return figure


def _draw_noise(axes: Axes, shown: pd.DataFrame, report: dict[str, Any]) -> None:
    places = np.arange(len(shown))
    names, font_path = drawable_names(shown["label"].tolist())
    is_known = (shown["predicted"] > 0) & (shown["support"] >= _FEWEST_ROWS)
    for known, color, name in [
        (True, _NOISE, "estimated noise, an upper bound"),
        (False, _UNKNOWN, f"fewer than {_FEWEST_ROWS} rows, or never predicted: says little"),
    ]:
        part = (is_known == known).to_numpy()
        if part.any():
            axes.barh(places[part], shown["noise_share"][part], color=color, label=name)
    axes.plot(shown["issues"] / shown["support"], places, "|", color=_ISSUES, label="called issues")
    ticks = [f"{name} ({rows:,})" for name, rows in zip(names, shown["support"], strict=True)]
    font = FontProperties(fname=font_path, size=_FONT_POINTS)
    axes.set_yticks(places, ticks, fontproperties=font)
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
    axes.legend(loc="lower right", fontsize="small")


def _draw_curve(axes: Axes, validation: dict[str, Any]) -> None:
    curve = pd.DataFrame(validation["curve"])
    for name, color in [("precision", _PRECISION), ("recall", _RECALL)]:
        axes.plot(curve["rows"], curve[name], color=color, label=name)
        chance = curve[f"{name}_by_chance"]
        axes.plot(curve["rows"], chance, color=color, linestyle=":", label=f"{name} by chance")
    flipped = validation["audited_flipped_rows"]
    axes.axvline(flipped, color="gray", linewidth=0.9, label=f"rows flipped ({flipped:,})")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("rows looked at, most suspect first")
    axes.set_ylabel("share")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_title(f"Flipped labels found: average precision {validation['average_precision']:.2f}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
