"""Optuna's figures of a study: history, importance of settings, slices, parallel coordinates."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from optuna import Study

_SIZES = {"history": (9.0, 5.0), "importance": (9.0, 4.5), "slices": (15.0, 4.5),
          "parallel": (13.0, 6.0)}  # fmt: skip
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
    reason = "" if complete >= _FEWEST_TRIALS else f"{complete} complete trials, 2 were wanted"
    return {name: _draw(name, way, reason) for name, way in ways.items()}


def _draw(name: str, way: Callable[[], Any], reason: str) -> Figure:
    if reason:
        return _say(name, reason)
    # Optuna's functions choose a style for everything that is drawn after them.
    with mpl.rc_context():
        try:
            axes = np.ravel(way())
        except (ValueError, RuntimeError) as error:
            return _say(name, str(error))
        figure: Figure = axes[0].figure
        figure.set_size_inches(_SIZES[name])
        figure.set_layout_engine("tight")
        plt.close(figure)
    return figure


def _say(name: str, reason: str) -> Figure:
    figure = Figure(figsize=_SIZES[name], layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"No figure ({name}): {reason}.", ha="center", va="center", wrap=True)
    return figure
