"""Figures: what is drawn, with which names, and that nothing else changes."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.figure import Figure

from klue_pipeline.relation.metrics.confusion_figure import draw_confusion_matrix

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


def test_drawing_changes_no_global_setting():
    before = dict(rcParams)
    draw_confusion_matrix(np.eye(2, dtype=np.int64), KOREAN, "x")
    assert dict(rcParams) == before
