"""Figures: what is drawn, with which names, and that nothing else changes."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps, rcParams
from matplotlib.figure import Figure

from klue_pipeline.relation.metrics.confusion_figure import draw_confusion_matrix
from klue_pipeline.reporting.learning_curves import draw_learning_curves

KOREAN = ["관계_없음", "인물:직업"]


def render(figure: Figure):
    """Draw the figure as saving it would, without any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(BytesIO(), format="png")


def tick_names(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_confusion_matrix_shows_names_shares_and_rows():
    counts = np.array([[1992, 7, 1], [0, 3, 1], [0, 0, 0]])
    figure = draw_confusion_matrix(counts, ["no_relation", "per:title", "org:members"], "Held out")
    axes = figure.axes[0]
    assert axes.get_title() == "Held out: 2,004 rows"
    assert tick_names(axes.xaxis) == ["no_relation", "per:title", "org:members"]
    assert tick_names(axes.yaxis) == ["no_relation (2,000)", "per:title (4)", "org:members (0)"]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "1.00", (1, 1): ".75", (2, 1): ".25"}
    np.testing.assert_allclose(axes.images[0].get_array()[0], [0.996, 0.0035, 0.0005])


def test_text_in_a_cell_contrasts_with_it():
    axes = draw_confusion_matrix(np.array([[9, 1], [4, 6]]), ["a", "b"], "x").axes[0]
    blues = colormaps["Blues"]
    for text in axes.texts:
        share = float(text.get_text())
        brightness = np.mean(blues(share)[:3])
        assert (text.get_color() == "white") == (brightness < 0.6)


def test_korean_names_are_drawn():
    figure = draw_confusion_matrix(np.eye(2, dtype=np.int64), KOREAN, "x")
    axes = figure.axes[0]
    assert tick_names(axes.xaxis) == KOREAN
    font = axes.get_xticklabels()[0].get_fontproperties().get_file()
    assert Path(font).name == "NanumGothic.ttf"
    render(figure)  # no warning about missing glyphs


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
    figure = draw_learning_curves({"fold_0": history(60.0), "fold_3": history(70.0)})
    loss_axes, f1_axes = figure.axes
    assert lines_of(f1_axes) == [([1.0, 2.0], [10.0, 60.0]), ([1.0, 2.0], [10.0, 70.0])]
    assert [text.get_text() for text in f1_axes.get_legend().get_texts()] == ["fold_0", "fold_3"]
    assert lines_of(loss_axes)[:2] == [([0.5, 1.5, 2.0], [3.0, 2.0, 1.0]), ([1.0, 2.0], [2.5, 1.5])]
    colors = [tuple(axes.get_lines()[0].get_color()) for axes in (f1_axes, loss_axes)]
    assert colors[0] == colors[1]
    render(figure)


def test_fifty_folds_fit():
    render(draw_learning_curves({f"fold_{fold}": history(fold) for fold in range(50)}))


def test_a_fold_that_was_never_evaluated_leaves_no_curve():
    never = history(1.0).assign(validation_loss=np.nan, validation_micro_f1=np.nan)
    figure = draw_learning_curves({"fold_0": never})
    assert lines_of(figure.axes[1]) == [([], [])]
    render(figure)


def test_no_history_is_refused():
    with pytest.raises(ValueError, match="train at least one fold"):
        draw_learning_curves({})


def test_drawing_changes_no_global_setting():
    before = dict(rcParams)
    draw_learning_curves({"fold_0": history(1.0)})
    draw_confusion_matrix(np.eye(2, dtype=np.int64), KOREAN, "x")
    assert dict(rcParams) == before
