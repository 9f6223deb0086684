"""Charts that put the training and the test rows side by side, always in the same two colours.

What they show is up to ``figures``. Made without pyplot: nothing global changes.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from klue_pipeline.relation.exploration.comparison import Distance
from klue_pipeline.reporting.fonts import drawable_names

# Blue and orange differ for any colour vision, and in print.
COLORS = {"train": "#2f6ca8", "test": "#e8862c"}
NAME_POINTS, NUMBER_POINTS = 9, 7.5
_BAR_HEIGHT = 0.38
_N_STEPS = 40
_SMALLEST_PERCENT = 0.1
_SHOWN_QUANTILE = 0.995


def write_names(axes: Axes, side: str, names: Sequence[str], **style: Any) -> None:
    """Write names at the ticks 0, 1, … of ``x`` or ``y``, in a font that has their letters."""
    drawn, font_path = drawable_names(names)
    font = FontProperties(fname=font_path, size=NAME_POINTS)
    getattr(axes, f"set_{side}ticks")(
        range(len(drawn)), drawn, fontproperties=font, parse_math=False, **style
    )


def draw_paired_bars(axes: Axes, names: Sequence[str], shares: dict[str, pd.Series]) -> None:
    """Draw one bar per name and file, with its share behind it; missing shares leave a gap.

    Args:
        axes: Where to draw; names go down from the top.
        names: One per place.
        shares: Shares from 0 to 1 by file, train first.
    """
    places = np.arange(len(names))
    first = -_BAR_HEIGHT * (len(shares) - 1) / 2
    for number, (split, values) in enumerate(shares.items()):
        at = places + first + number * _BAR_HEIGHT
        axes.barh(at, values.fillna(0), height=_BAR_HEIGHT, color=COLORS[split], label=split)
        for place, share in zip(at, values, strict=True):
            text = "" if pd.isna(share) else format_share(share)
            axes.text(share, place, f" {text}", va="center", fontsize=NUMBER_POINTS)
    write_names(axes, "y", names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None, symbol=" %"))
    axes.spines[["top", "right"]].set_visible(False)


def format_share(share: float) -> str:
    """Write a share as a percentage with one decimal; a small one is told from none.

    >>> format_share(0.2934), format_share(0.00012), format_share(0)
    ('29.3 %', '< 0.1 %', '0.0 %')
    """
    percent = 100 * share
    return f"{percent:.1f} %" if percent >= _SMALLEST_PERCENT or not percent else "< 0.1 %"


def format_mean(mean: float) -> str:
    """Write a mean with one decimal, as shares are.

    >>> format_mean(95.185), format_mean(1234.6), format_mean(0.25)
    ('95.2', '1,234.6', '0.2')
    """
    return f"{mean:,.1f}"


def draw_histograms(axes: Axes, values: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    """Draw the outline of how whole numbers are spread in each file, as shares of its rows.

    Its steps follow the numbers, so that the form is seen; distances are measured in the fixed,
    wider ones of :mod:`~klue_pipeline.relation.exploration.comparison`.

    Args:
        axes: Where to draw.
        values: One number per row, by file; one of the files has rows.

    Returns:
        What was drawn: the share of each step by file, indexed by the step's first value. The last
        one takes all larger values, too. A file without rows has NaN.
    """
    top = max(int(np.quantile(part, _SHOWN_QUANTILE)) for part in values.values() if len(part))
    step = max(1, -(-(top + 1) // _N_STEPS))
    edges = np.arange(0, top + 2 * step, step)
    shares = pd.DataFrame(index=edges[:-1])
    for split, part in values.items():
        counts, _ = np.histogram(np.minimum(part, edges[-2]), edges)
        shares[split] = counts / (len(part) or math.nan)
        axes.stairs(shares[split], edges, color=COLORS[split], linewidth=1.6)
        axes.stairs(shares[split], edges, color=COLORS[split], alpha=0.15, fill=True)
    axes.set_xlim(0, edges[-1])
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None, symbol=" %"))
    axes.set_ylabel("share of the file's rows" + (f", in steps of {step}" if step > 1 else ""))
    axes.spines[["top", "right"]].set_visible(False)
    return shares


def add_legend(figure: Figure, rows: dict[str, int]) -> None:
    """Say above all charts which colour is which file and how many rows it has."""
    from matplotlib.patches import Patch

    patches = [
        Patch(color=COLORS[split], label=f"{split}: {n_rows:,} rows")
        for split, n_rows in rows.items()
    ]
    figure.legend(handles=patches, loc="outside upper left", ncols=len(patches), frameon=False)


def format_distance(distance: Distance | None) -> str:
    """Write a total variation distance for a title: the share of rows in which the files differ.

    >>> format_distance(Distance(total_variation=0.337, by_chance=0.011))
    'train and test differ by 33.7 % (by chance 1.1 %)'
    """
    if distance is None:
        return "one file has no rows to compare"
    by_chance = format_share(distance.by_chance)
    return (
        f"train and test differ by {format_share(distance.total_variation)} (by chance {by_chance})"
    )
