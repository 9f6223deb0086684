"""The score as a function of how many rows have no relation."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

_CURVES = {"micro_f1": ("#1f6fb4", "micro F1"), "auprc": ("#d97706", "AUPRC")}
_BAND_ALPHA = 0.18


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
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    if table.empty:  # read back from a file, its columns have no type to draw
        axes.text(0.5, 0.5, "No share can be judged: all rows are relations, or none is",
                  ha="center", transform=axes.transAxes)  # fmt: skip
    else:
        for name, (color, label) in _CURVES.items():
            _draw_curve(axes, table, name, color, label)
        axes.legend(loc="lower left", fontsize="small")
    for what, share in shares.items():
        _mark(axes, share, what)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("rows without a relation, where the model is judged")
    axes.set_ylabel("score of one fold's model on many rows")
    axes.set_title(title, parse_math=False)
    axes.grid(alpha=0.3)
    return figure


def _draw_curve(axes: Axes, table: pd.DataFrame, name: str, color: str, label: str) -> None:
    share = table["negative_share"]
    axes.plot(share, table[name], color=color, label=label)
    band = (table[f"{name}_low"], table[f"{name}_high"])
    axes.fill_between(share, *band, color=color, alpha=_BAND_ALPHA, linewidth=0)


def _mark(axes: Axes, share: float, what: str) -> None:
    axes.axvline(share, color="gray", linestyle=":", linewidth=1.2)
    place = axes.get_xaxis_transform()
    axes.text(share, 0.98, f" {what} {share:.0%}", transform=place, va="top", rotation=90,
              fontsize="small", color="gray")  # fmt: skip
