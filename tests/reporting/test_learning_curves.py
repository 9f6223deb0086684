"""The learning curves: what was measured of each fold, and that fifty folds fit."""

import warnings
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.reporting.learning_curves import draw_learning_curves
from klue_pipeline.reporting.task_scores import Score


def draw(histories):
    return draw_learning_curves(histories, Score("micro_f1", "micro F1"))


def render(figure):
    """Draw the figure as saving it would, without any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(BytesIO(), format="png")


def history(f1):
    """Training loss at every step, validation values at the end of two epochs."""
    return pd.DataFrame(
        {
            "step": [1, 2, 3, 4],
            "epoch": [0.5, 1.0, 1.5, 2.0],
            "train_loss": [3.0, np.nan, 2.0, 1.0],
            "validation_loss": [np.nan, 2.5, np.nan, 1.5],
            "validation_micro_f1": [np.nan, 10.0, np.nan, f1],
        }
    )


def lines_of(axes):
    return [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.get_lines()]


def test_learning_curves_show_what_was_measured_of_each_fold():
    figure = draw({"fold_0": history(60.0), "fold_3": history(70.0)})
    loss_axes, f1_axes = figure.axes
    assert lines_of(f1_axes) == [([1.0, 2.0], [10.0, 60.0]), ([1.0, 2.0], [10.0, 70.0])]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["fold_0", "fold_3"]
    assert lines_of(loss_axes)[:2] == [([0.5, 1.5, 2.0], [3.0, 2.0, 1.0]), ([1.0, 2.0], [2.5, 1.5])]
    colors = [tuple(axes.get_lines()[0].get_color()) for axes in (f1_axes, loss_axes)]
    assert colors[0] == colors[1]
    render(figure)


def test_the_legend_names_no_training_loss_that_was_never_measured():
    """As of a training shorter than training.log_every_steps."""
    unmeasured, measured = history(60.0).drop(columns="train_loss"), history(60.0)
    for histories, names in [
        ({"fold_0": unmeasured}, ["validation: cross entropy"]),
        (
            {"fold_0": unmeasured, "fold_1": measured},
            ["train: what is minimised", "validation: cross entropy"],
        ),
    ]:
        legend = draw(histories).axes[0].get_legend()
        assert [text.get_text() for text in legend.get_texts()] == names


def test_fifty_folds_fit():
    render(draw({f"fold_{fold}": history(fold) for fold in range(50)}))


def test_a_fold_that_was_never_evaluated_leaves_no_curve():
    never = history(1.0).assign(validation_loss=np.nan, validation_micro_f1=np.nan)
    figure = draw({"fold_0": never})
    assert lines_of(figure.axes[1]) == [([], [])]
    render(figure)


def test_no_history_is_refused():
    with pytest.raises(ValueError, match="train at least one fold"):
        draw({})
