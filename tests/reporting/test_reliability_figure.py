"""The reliability diagram: what it shows, and that it can be drawn without a warning."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.reporting.reliability_figure import draw_reliability


def stage(name, accuracy):
    return pd.DataFrame(
        {
            "stage": name,
            "low": [0.0, 25.0, 50.0, 75.0],
            "high": [25.0, 50.0, 75.0, 100.0],
            "rows": [0, 9, 10, 1981],
            "share": [0.0, 0.0045, 0.005, 0.9905],
            "mean_confidence": [np.nan, 40.0, 60.0, 90.0],
            "accuracy": [np.nan, *accuracy],
        }
    )


BOTH = pd.concat([stage("before", [10.0, 40.0, 80.0]), stage("after", [30.0, 60.0, 90.0])])


def draw(table=BOTH, title="base"):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_reliability(table, title)
        figure.savefig(BytesIO(), format="png")
    return figure


def test_lines_join_the_bins_that_have_rows_enough():
    axes = draw().axes[0]
    before, sparse, after = axes.lines[:3]
    assert (before.get_xdata().tolist(), before.get_ydata().tolist()) == ([60, 90], [40, 80])
    assert (sparse.get_xdata().tolist(), sparse.get_ydata().tolist()) == ([40], [10])
    assert (sparse.get_linestyle(), sparse.get_fillstyle()) == ("None", "none")
    assert after.get_ydata().tolist() == [60, 90]
    assert before.get_color() == sparse.get_color() != after.get_color()
    assert axes.get_title() == "base: 2,000 rows"


def test_the_legend_tells_the_calibration_error():
    texts = [text.get_text() for text in draw().axes[0].get_legend().get_texts()]
    # 0.0045 * 30 + 0.005 * 20 + 0.9905 * 10, and 0.0045 * 10.
    assert texts == [
        "as the model says: ECE 10.1",
        "after temperature scaling: ECE 0.0",
        "right as often as sure",
        "fewer than 10 rows: says little",
    ]


def test_one_stage_alone_is_drawn():
    figure = draw(stage("before", [10.0, 40.0, 80.0]))
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert not any("temperature" in text for text in texts)
    assert figure.axes[0].get_title() == "base: 2,000 rows"


def test_the_lower_panel_shows_how_many_rows_are_how_sure():
    outline, filled = draw(stage("before", [10.0, 40.0, 80.0])).axes[1].patches
    assert list(outline.get_data()[0]) == [0.0, 0.0045, 0.005, 0.9905]
    assert list(outline.get_data()[1]) == [0, 25, 50, 75, 100]
    assert filled.get_fill()


def test_a_korean_title_is_drawn_and_no_formula_is_read_from_it():
    axes = draw(title="실험 $x_1$").axes[0]
    assert axes.get_title() == "실험 $x_1$: 2,000 rows"
    assert Path(axes.title.get_fontproperties().get_file()).name == "NanumGothic.ttf"


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="has no rows"):
        draw_reliability(BOTH[:0], "base")
