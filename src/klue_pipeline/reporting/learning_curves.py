"""The learning curves of all folds in one figure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from klue_pipeline.reporting.colors import choose_colors
from klue_pipeline.reporting.fonts import write_title
from klue_pipeline.reporting.task_scores import Score

_MAX_LEGEND_FOLDS = 12


def draw_learning_curves(
    histories: Mapping[str, pd.DataFrame], score: Score, title: str = ""
) -> Figure:
    """Draw the loss and a validation score of each fold against the epoch.

    Args:
        histories: The history table of each fold by the fold's name, with ``epoch``,
            ``train_loss``, ``validation_loss`` and ``validation_`` before the score's name; NaN, or
            no such column, where a value was not measured.
        score: What the models are validated by.
        title: What was trained. Korean is drawn where the machine has a Korean font.

    Raises:
        ValueError: There is no history.
    """
    if not histories:
        raise ValueError("There is no training history to draw; train at least one fold first.")
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    loss_axes, score_axes = figure.subplots(1, 2)
    measured = f"validation_{score.name}"
    colors = choose_colors(len(histories))
    for (fold, history), color in zip(histories.items(), colors, strict=True):
        _draw_line(loss_axes, history, "train_loss", color=color, linewidth=0.9)
        _draw_line(loss_axes, history, "validation_loss", color=color, linestyle="--", marker="o")
        _draw_line(score_axes, history, measured, color=color, marker="o", label=fold)
    if any("train_loss" in history and history["train_loss"].notna().any()
           for history in histories.values()):  # fmt: skip
        loss_axes.plot([], [], color="gray", linewidth=0.9, label="train: what is minimised")
    loss_axes.plot([], [], color="gray", linestyle="--", marker="o",
                   label="validation: cross entropy")  # fmt: skip
    loss_axes.legend(fontsize="small")
    of_what = f" of {title}" if title else ""
    _finish(loss_axes, f"Loss{of_what}", "nats")
    _finish(score_axes, f"Validation {score.title}{of_what}", score.title)
    figure.legend(
        *score_axes.get_legend_handles_labels(), loc="outside right upper", fontsize="small",
        ncols=1 + len(histories) // _MAX_LEGEND_FOLDS,
    )  # fmt: skip
    return figure


def _draw_line(axes: Axes, history: pd.DataFrame, column: str, **style: Any) -> None:
    # A training shorter than training.log_every_steps never measured its training loss.
    measured = history.reindex(columns=["epoch", column]).dropna(subset=[column])
    axes.plot(measured["epoch"], measured[column], markersize=4, **style)


def _finish(axes: Axes, title: str, unit: str) -> None:
    write_title(axes, title)
    axes.set_xlabel("epoch")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(unit)
    axes.grid(alpha=0.3)
