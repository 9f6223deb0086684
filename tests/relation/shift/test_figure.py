"""The sensitivity figure: curves, bands and marks, and that it is drawn without a warning."""

import warnings
from io import BytesIO

import pandas as pd
import pytest

from klue_pipeline.relation.shift.figure import draw_sensitivity

TABLE = pd.DataFrame(
    {
        "negative_share": [0.05, 0.5, 0.95],
        "effective_rows": [80.0, 100.0, 20.0],
        "micro_f1": [80.0, 70.0, 20.0],
        "micro_f1_low": [78.0, 69.0, 10.0],
        "micro_f1_high": [82.0, 71.0, 30.0],
        "auprc": [75.0, 60.0, 40.0],
        "auprc_low": [74.0, 58.0, 30.0],
        "auprc_high": [76.0, 62.0, 50.0],
        "accuracy": [70.0, 80.0, 90.0],
    }
)
SHARES = {"training": 0.29, "target": 0.6}


def draw(table=TABLE, shares=SHARES, title="Out-of-fold scores, re-weighted"):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_sensitivity(table, shares, title)
        figure.savefig(BytesIO(), format="png")
    (axes,) = figure.axes
    return axes


def test_the_curves_are_those_of_the_table():
    curves = {line.get_label(): line.get_data() for line in draw().lines[:2]}
    assert set(curves) == {"micro F1", "AUPRC"}
    for label, name in {"micro F1": "micro_f1", "AUPRC": "auprc"}.items():
        shares, scores = curves[label]
        assert shares.tolist() == [0.05, 0.5, 0.95]
        assert scores.tolist() == TABLE[name].tolist()


def test_shares_are_marked_by_what_they_are():
    axes = draw()
    marks = axes.lines[2:]
    assert [line.get_xdata()[0] for line in marks] == [0.29, 0.6]
    assert [text.get_text().strip() for text in axes.texts] == ["training 29%", "target 60%"]
    assert len(draw(shares={}).lines) == 2


def test_no_formula_is_read_from_the_title():
    assert draw(title="run $x_1$").get_title() == "run $x_1$"


@pytest.mark.parametrize("dtype", ["float64", "object"])  # as made, and as read from a file
def test_an_empty_table_is_said_to_be_empty(dtype):
    axes = draw(TABLE[:0].astype(dtype), shares={})
    assert [text.get_text() for text in axes.texts] == [
        "No share can be judged: all rows are relations, or none is"
    ]
    assert all(len(line.get_xdata()) == 0 for line in axes.lines)
    assert not draw(shares={}).texts
