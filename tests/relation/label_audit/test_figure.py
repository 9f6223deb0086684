"""The figure: what it shows, and that it can be drawn without a warning."""

import warnings
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.label_audit.figure import draw_label_audit

NOISE = pd.DataFrame(
    {
        "label": ["no_relation", "per:title", "per:spouse", "org:dissolved"],
        "support": [1200, 40, 10, 0],
        "predicted": [1250, 30, 0, 0],
        "issues": [30, 10, 7, 0],
        "noise_share": [0.05, 0.3, 0.9, np.nan],
    }
)


def draw(noise=NOISE):
    report = {"issues": 47, "rows": {"audited": 1250}, "agreement_share": 0.9}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_label_audit(noise, report)
        figure.savefig(BytesIO(), format="png")
    (axes,) = figure.axes
    return axes


def bars(axes):
    return {round(bar.get_y() + bar.get_height() / 2): bar for bar in axes.patches}


def test_labels_stand_in_the_order_of_their_noise_which_is_called_an_upper_bound():
    axes = draw()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["no_relation (1,200)", "per:title (40)", "per:spouse (10)"]
    assert [bars(axes)[place].get_width() for place in range(3)] == [0.05, 0.3, 0.9]
    assert "47 issues in 1,250 rows" in axes.get_title()
    assert "agrees with 90%; its own errors count as noise" in axes.get_title()
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "share of the label's rows", "given label (rows)",
    )  # fmt: skip
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "called issues",
        "estimated noise, an upper bound",
        "fewer than 10 rows, or never predicted: says little",
    ]


@pytest.mark.parametrize(
    ("support", "grey"), [([1200, 40, 10, 0], [2]), ([1200, 9, 10, 0], [1, 2])]
)
def test_labels_with_few_rows_or_never_predicted_look_different(support, grey):
    found = bars(draw(NOISE.assign(support=support)))
    colors = {place: bar.get_facecolor() for place, bar in found.items()}
    assert [place for place, color in sorted(colors.items()) if color != colors[0]] == grey


def test_many_korean_labels_are_drawn():
    names = [f"단체:정치/종교성향{number}" for number in range(60)]
    noise = pd.DataFrame({"label": names, "support": 10, "predicted": 10, "issues": 1})
    axes = draw(noise.assign(noise_share=np.linspace(0, 1, 60)))
    assert len(axes.get_yticklabels()) == 60
