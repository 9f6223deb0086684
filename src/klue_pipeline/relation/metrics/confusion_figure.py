"""Which labels a model takes for which, as a figure.

Figures are made without pyplot: nothing global changes, and no display is needed.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

from klue_pipeline.relation.metrics.evaluation import row_shares
from klue_pipeline.reporting.fonts import drawable_names, write_title

SMALLEST_SHOWN_SHARE = 0.005
_DARK_CELL = 0.5
_CELL_INCHES, _MARGIN_INCHES, _SMALLEST_INCHES, _COLORBAR_INCHES = 0.36, 2.9, 6.0, 1.2
_FONT_POINTS, _DIGIT_POINTS = 9, 8.5
_FEW_LABELS, _INCHES_PER_LETTER = 8, 0.085
"""So many names are written level, each in a cell that is wide enough for the longest."""


def draw_confusion_matrix(
    counts: NDArray[np.int64], label_names: Sequence[str], title: str
) -> Figure:
    """Draw which labels are taken for which, as shares of each true label.

    Args:
        counts: Rows by true (down) and predicted (across) label. Shape: (labels, labels).
        label_names: Labels in the order of ``counts``; Korean ones are drawn where the machine
            has a Korean font.
        title: What was scored; the number of rows is added.

    Returns:
        A figure that grows with the number of labels. Shares of 0.005 and more are written into
        their cells; the number of rows stands behind each true label.
    """
    names, font_path = drawable_names(label_names)
    font = FontProperties(fname=font_path, size=_FONT_POINTS)
    is_level = len(names) <= _FEW_LABELS
    inches = max(_SMALLEST_INCHES, len(names) * _CELL_INCHES + _MARGIN_INCHES)
    letters = max(map(len, names), default=0)
    cell = max(_CELL_INCHES, letters * _INCHES_PER_LETTER) if is_level else _CELL_INCHES
    width = max(inches, len(names) * cell + _MARGIN_INCHES)
    figure = Figure(figsize=(width + _COLORBAR_INCHES, inches), layout="constrained")
    axes = figure.add_subplot()
    shares = row_shares(counts)
    # One hue from light to dark reads the same with any colour vision.
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    figure.colorbar(image, ax=axes, pad=0.01, label="share of the true label's rows")
    _write_shares(axes, shares)
    support = counts.sum(axis=1)
    axes.set_xticks(range(len(names)), names, rotation=0 if is_level else 90,
                    fontproperties=font)  # fmt: skip
    gold_names = [f"{name} ({count:,})" for name, count in zip(names, support, strict=True)]
    axes.set_yticks(range(len(names)), gold_names, fontproperties=font)
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label (rows)")
    write_title(axes, f"{title}: {support.sum():,} rows")
    return figure


def _write_shares(axes: Axes, shares: NDArray[np.float64]) -> None:
    for row, column in np.argwhere(shares >= SMALLEST_SHOWN_SHARE).tolist():
        share = shares[row, column]
        color = "white" if share > _DARK_CELL else "black"
        text = f"{share:.2f}".removeprefix("0")
        axes.text(column, row, text, ha="center", va="center", color=color,
                  fontsize=_DIGIT_POINTS)  # fmt: skip
