"""The reliability diagram: how sure a model is against how often it is right."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from klue_pipeline.evaluation.calibration.reliability import calibration_error
from klue_pipeline.evaluation.calibration.report import STAGES
from klue_pipeline.reporting.fonts import write_title

# Orange and blue differ for any colour vision, and in print.
_COLORS = dict(zip(STAGES, ("#d97706", "#1f6fb4"), strict=True))
_NAMES = dict(zip(STAGES, ("as the model says", "after temperature scaling"), strict=True))
_MARKERS = dict(zip(STAGES, ("s", "o"), strict=True))
_FEWEST_ROWS = 10
"""An accuracy of fewer rows than this says little."""


def draw_reliability(table: pd.DataFrame, title: str) -> Figure:
    """Draw accuracy against confidence, and below it how many rows are how sure.

    Args:
        table: The reliability table of :func:`~.report.report_calibration`, before temperature
            scaling and, where that could be fitted, after it.
        title: What was scored; the number of rows is added. Korean is drawn where the machine has
            a Korean font.

    Returns:
        One line per stage, with its calibration error in the legend. Bins of fewer than 10 rows
        are hollow and stand off the line, as their accuracy says little.

    Raises:
        ValueError: The table has no rows.
    """
    if not len(table):
        raise ValueError("The reliability table has no rows; report the calibration of scores.")
    figure = Figure(figsize=(6.4, 7.4), layout="constrained")
    curve, shares = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for stage, rows in table.groupby("stage", sort=False):
        _draw_curve(curve, str(stage), rows)
        _draw_shares(shares, str(stage), rows)
    _finish_curve(curve)
    _finish_shares(shares)
    n_rows = int(table.loc[table["stage"] == table["stage"].iloc[0], "rows"].sum())
    write_title(curve, f"{title}: {n_rows:,} rows")
    return figure


def _draw_curve(axes: Axes, stage: str, table: pd.DataFrame) -> None:
    color, marker = _COLORS[stage], _MARKERS[stage]
    filled = table[table["rows"] >= _FEWEST_ROWS]
    sparse = table[(table["rows"] > 0) & (table["rows"] < _FEWEST_ROWS)]
    name = f"{_NAMES[stage]}: ECE {calibration_error(table):.1f}"
    points = filled["mean_confidence"], filled["accuracy"]
    axes.plot(*points, color=color, marker=marker, markersize=5, label=name)
    points = sparse["mean_confidence"], sparse["accuracy"]
    axes.plot(*points, color=color, marker=marker, markersize=5, fillstyle="none", linestyle="")


def _draw_shares(axes: Axes, stage: str, table: pd.DataFrame) -> None:
    edges = np.append(table["low"], table["high"].iloc[-1])
    axes.stairs(table["share"], edges, color=_COLORS[stage], linewidth=1.4)
    axes.stairs(table["share"], edges, color=_COLORS[stage], fill=True, alpha=0.15)


def _finish_curve(axes: Axes) -> None:
    axes.plot([0, 100], [0, 100], color="gray", linestyle=":", label="right as often as sure")
    axes.plot(
        [], [], color="gray", marker="o", fillstyle="none", linestyle="",
        label=f"fewer than {_FEWEST_ROWS} rows: says little",
    )  # fmt: skip
    axes.set_ylim(-2, 102)
    axes.set_ylabel("accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.grid(alpha=0.3)
    axes.legend(loc="best", fontsize="small")


def _finish_shares(axes: Axes) -> None:
    axes.set_xlim(-2, 102)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("confidence: the probability of the prediction")
    axes.set_ylabel("share of rows")
    axes.xaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(alpha=0.3)
