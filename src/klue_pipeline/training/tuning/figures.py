"""Optuna's figures of a study: history, importance of settings, slices, parallel coordinates."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from klue_pipeline.text.counts import counted

if TYPE_CHECKING:
    from optuna import Study

_INCHES: dict[str, tuple[float, float]] = {
    "history": (9.0, 5.0),
    "importance": (9.0, 4.5),
    "parallel": (14.0, 6.0),
}
"""Sizes where Optuna's own is too small; slices grow with the number of settings."""
_FEWEST_TRIALS = 2


def draw_study(study: "Study", value_name: str) -> dict[str, Figure]:
    """Draw what Optuna shows of a study.

    Args:
        study: The study, in which trials may be missing.
        value_name: What a value is, for the axes.

    Returns:
        ``history``, ``importance``, ``slices`` and ``parallel``. One that cannot be drawn says
        why.
    """
    from optuna.visualization import matplotlib as drawn

    ways: dict[str, Callable[[], Any]] = {
        "history": lambda: drawn.plot_optimization_history(study, target_name=value_name),
        "importance": lambda: drawn.plot_param_importances(study, target_name=value_name),
        "slices": lambda: drawn.plot_slice(study, target_name=value_name),
        "parallel": lambda: drawn.plot_parallel_coordinate(study, target_name=value_name),
    }
    states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
    complete = states.count("COMPLETE")
    found = counted(complete, "complete trial")
    reason = "" if complete >= _FEWEST_TRIALS else f"{found}, {_FEWEST_TRIALS} were wanted"
    return {name: _draw(name, way, reason) for name, way in ways.items()}


def _draw(name: str, way: Callable[[], Any], reason: str) -> Figure:
    if reason:
        return _say(name, reason)
    # Optuna's functions choose a style for everything that is drawn after them, and warn of what a
    # study with few trials lacks.
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            figure: Figure = np.ravel(way())[0].figure
        except (ValueError, RuntimeError) as error:
            return _say(name, str(error))
        if name in _INCHES:
            figure.set_size_inches(_INCHES[name])
        for axes in figure.axes:
            _write_plain_numbers(axes.xaxis)
            _write_plain_numbers(axes.yaxis)
            axes.xaxis.label.set_fontsize("small")
        plt.close(figure)
    return figure


def _write_plain_numbers(axis: Axis) -> None:
    """Write 0.001 and not a power; on a short axis powers run into each other."""
    if axis.get_scale() == "log":
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _say(name: str, reason: str) -> Figure:
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"No figure ({name}): {reason}.", ha="center", va="center", wrap=True)
    return figure
