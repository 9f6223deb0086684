"""The score as a function of how many rows have no relation."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from klue_pipeline.reporting.fonts import write_title

_CURVES = {"micro_f1": ("#1f6fb4", "micro F1"), "auprc": ("#d97706", "AUPRC")}
_BAND_ALPHA = 0.18
_TOP, _LINE, _RIGHT = 0.98, 0.06, 0.75
_BESIDE: dict[bool, tuple[int, Literal["left", "right"]]] = {
    False: (4, "left"),
    True: (-4, "right"),
}
"""Where a mark's words stand, in points from its line: to the left where the right is narrow."""
_ABOUT_AUPRC = (
    "For as many rows as one likes. The shift-aware AUPRC of log and pages is that of a test set\n"
    "of its size: higher, as a label of which there are a handful of rows is easier to rank."
)


def draw_sensitivity(table: pd.DataFrame, shares: Mapping[str, float], title: str) -> Figure:
    """Draw micro F1 and AUPRC against the negative label's share, with intervals.

    Args:
        table: By :func:`klue_pipeline.relation.shift.sensitivity.tabulate_sensitivity`; an empty
            one is said to be empty.
        shares: Shares to mark, by what they are, from 0 to 1.
        title: What was scored.

    Returns:
        A figure.
    """
    if table.empty:  # read back from a file, its columns have no type to draw
        return _say_that_there_is_none(title)
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    for name, (color, label) in _CURVES.items():
        _draw_curve(axes, table, name, color, label)
    axes.legend(loc="lower left", fontsize="small")
    for place, (what, share) in enumerate(shares.items()):
        _mark(axes, share, what, height=_TOP - place * _LINE)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("rows without a relation, where the model is judged")
    axes.set_ylabel("score of one fold's model on many rows")
    write_title(axes, title)
    axes.grid(alpha=0.3)
    figure.supxlabel(_ABOUT_AUPRC, fontsize="small", color="gray")
    return figure


def _say_that_there_is_none(title: str) -> Figure:
    figure = Figure(figsize=(7.2, 1.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, "No share can be judged: all rows are relations, or none is",
              ha="center", transform=axes.transAxes)  # fmt: skip
    write_title(axes, title)
    return figure


def _draw_curve(axes: Axes, table: pd.DataFrame, name: str, color: str, label: str) -> None:
    share = table["negative_share"]
    axes.plot(share, table[name], color=color, label=label)
    band = (table[f"{name}_low"], table[f"{name}_high"])
    axes.fill_between(share, *band, color=color, alpha=_BAND_ALPHA, linewidth=0)


def _mark(axes: Axes, share: float, what: str, height: float) -> None:
    """Draw a line at a share, and beside it what it is; of several, each below the one before."""
    axes.axvline(share, color="gray", linestyle=":", linewidth=1.2)
    place, (offset, side) = axes.get_xaxis_transform(), _BESIDE[share > _RIGHT]
    axes.annotate(
        f"{what} {share:.0%}", (share, height), (offset, 0), xycoords=place,
        textcoords="offset points", ha=side, va="top", fontsize="small", color="#55585f",
    )  # fmt: skip
