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
VALIDATION = {
    "audited_flipped_rows": 2,
    "average_precision": 0.75,
    "curve": [
        {
            "rows": rows, "precision": 1 / rows, "recall": 1.0, "precision_by_chance": 0.1,
            "recall_by_chance": rows / 20,
        }
        for rows in (1, 5, 20)
    ],
}  # fmt: skip


def draw(noise=NOISE, validation=None):
    report = {"issues": 47, "rows": {"audited": 1250}, "agreement_share": 0.9}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_label_audit(noise, report | {"validation": validation})
        figure.savefig(BytesIO(), format="png")
    return figure


def bars(axes):
    return {round(bar.get_y() + bar.get_height() / 2): bar for bar in axes.patches}


def test_labels_stand_in_the_order_of_their_noise_the_noisiest_on_top():
    axes = draw().axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["no_relation (1,200)", "per:title (40)", "per:spouse (10)"]
    assert "47 issues in 1,250 rows" in axes.get_title()
    assert "90%" in axes.get_title()
    widths = [bars(axes)[place].get_width() for place in range(3)]
    assert widths == [0.05, 0.3, 0.9]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "share of the label's rows", "given label (rows)",
    )  # fmt: skip


def test_a_label_the_model_never_predicts_looks_different():
    found = bars(draw().axes[0])
    assert found[0].get_facecolor() == found[1].get_facecolor() != found[2].get_facecolor()


def test_a_label_with_few_rows_looks_like_one_that_is_not_known():
    found = bars(draw(NOISE.assign(support=[1200, 9, 10, 0])).axes[0])
    assert found[0].get_facecolor() != found[1].get_facecolor() == found[2].get_facecolor()


def test_the_noise_is_called_an_upper_bound():
    axes = draw().axes[0]
    assert "its own errors count as noise" in axes.get_title()
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == [
        "called issues",
        "estimated noise, an upper bound",
        "fewer than 10 rows, or never predicted: says little",
    ]


def test_flipped_labels_add_a_panel():
    assert len(draw().axes) == 1
    panel = draw(validation=VALIDATION).axes[1]
    assert "0.75" in panel.get_title()
    lines = {line.get_label(): line.get_ydata() for line in panel.lines}
    assert lines["precision"].tolist() == [1, 0.2, 0.05]
    assert lines["recall by chance"].tolist() == [0.05, 0.25, 1.0]


@pytest.mark.parametrize("count", [2, 60])
def test_few_and_many_korean_labels_fit(count):
    noise = pd.DataFrame(
        {
            "label": [f"단체:정치/종교성향{number}" for number in range(count)],
            "support": 10,
            "predicted": 10,
            "issues": 1,
            "noise_share": np.linspace(0, 1, count),
        }
    )
    figure = draw(noise)
    assert len(figure.axes[0].get_yticklabels()) == count
