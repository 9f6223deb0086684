"""Colours of lines in figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps

_FEW_COLORS = (
    "#1f6fb4", "#d1590c", "#2b8a4b", "#8e44ad", "#b3302c", "#0f7f8c", "#8a5a2b", "#c2317f",
    "#4d4f57", "#6b7a00",
)  # fmt: skip


def choose_colors(count: int) -> Sequence[Any]:
    """Return colours that all show on white: named ones for few lines, dark to middle for many."""
    if count <= len(_FEW_COLORS):
        return _FEW_COLORS[:count]
    return list(colormaps["plasma"](np.linspace(0, 0.75, count)))
