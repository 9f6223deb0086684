"""Figures: they show what the tables say, with readable names, whatever is missing."""

import warnings
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from klue_pipeline.relation.exploration import figures
from klue_pipeline.relation.exploration.charts import COLORS, format_distance
from klue_pipeline.relation.exploration.comparison import measure_distance
from klue_pipeline.relation.exploration.distributions import tabulate_label_shares, tabulate_shares
from klue_pipeline.relation.exploration.row_measures import measure_splits


def render(figure):
    """Draw as saving would; a letter that no font has would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(BytesIO(), format="png", dpi=40)
    return figure


def texts_of(axes):
    return [text.get_text().strip() for text in axes.texts]


def names_of(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def bars_of(axes, split):
    """Widths of the bars in a file's colour, from the top."""
    color = to_rgba(COLORS[split])
    return [bar.get_width() for bar in axes.patches if bar.get_facecolor() == color]


def axes_by_title(figure):
    return {axes.get_title().split(":")[0]: axes for axes in figure.axes}


@pytest.fixture
def rows(train, test, wordpiece_tokenizer, input_params):
    return measure_splits(train, test, wordpiece_tokenizer, input_params)


@pytest.fixture
def adversarial():
    auc = {"all": 0.8, "text": 0.7, "meta": 0.6}
    return {
        "rows": {"train": 200, "test": 100}, "left_out": [], "not_measured": None,
        "auc": {
            name: {"mean": mean, "standard_deviation": 0.02, "folds": [mean - 0.02, mean + 0.02]}
            for name, mean in auc.items()
        },
    }  # fmt: skip


def test_label_shares_without_an_estimate(train, test, labels):
    table = tabulate_label_shares(train, test, labels, None)
    (axes,) = render(figures.draw_label_shares(table, 8)).axes
    assert bars_of(axes, "train") == pytest.approx(table["train_share"].tolist())
    assert bars_of(axes, "test") == []
    assert "ESTIMATE" not in axes.get_title()
    assert names_of(axes)[0] == "no_relation (0)"


def test_an_estimate_is_called_one(train, test, labels):
    uniform = np.full(len(labels.names), 1 / len(labels.names))
    table = tabulate_label_shares(train, test, labels, None).assign(estimated_test_share=uniform)
    figure = render(figures.draw_label_shares(table, 8))
    axes = figure.axes[0]
    assert bars_of(axes, "test") == pytest.approx(uniform.tolist())
    distance = measure_distance(table["train_share"], table["estimated_test_share"], 16, 8)
    assert axes.get_title() == f"Labels: test shares are ESTIMATES,\n{format_distance(distance)}"
    assert axes.title.get_window_extent().x1 < figure.bbox.x1
    counted, estimated = (text.get_text() for text in figure.legends[0].get_texts())
    assert counted == "train: 16 rows, counted"
    assert estimated.startswith("test: 8 rows, mean of the probabilities that an earlier run")
    assert "no label was read" in estimated
    assert "leans towards the training shares" in estimated


def test_korean_labels_are_drawn_as_they_are():
    names = ["관계_없음", "인물:직업", "단체:설립일😀"]
    table = pd.DataFrame({"label": names, "train_rows": [3, 2, 1], "train_share": [0.5, 0.3, 0.2]})
    figure = figures.draw_label_shares(table.assign(estimated_test_share=np.nan), 0)
    assert names_of(render(figure).axes[0]) == [
        "관계_없음 (3)", "인물:직업 (2)", "단체:설립일U+1F600 (1)",
    ]  # fmt: skip


def test_shares_stand_side_by_side_and_many_values_are_summed_up(train, test):
    sources = [f"신문 {number}" for number in range(90)]
    many = pd.concat([train] * 6, ignore_index=True)[:90].assign(source=sources)
    shares = tabulate_shares(many, test)
    figure = render(figures.draw_shares(shares))
    panels = axes_by_title(figure)
    assert set(panels) == {"source", "subject type", "object type", "type pair"}
    types = shares[shares["feature"] == "subject_type"]
    for split in ("train", "test"):
        drawn = bars_of(panels["subject type"], split)
        assert drawn == pytest.approx(types[f"{split}_share"].tolist())
    assert len(names_of(panels["source"])) == 20
    assert names_of(panels["source"])[-1].endswith("others)")
    assert sum(bars_of(panels["source"], "train")) == pytest.approx(1)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["train: 90 rows", "test: 8 rows"]


def test_a_file_without_sources_or_types_is_drawn_and_not_compared(train, test):
    bare = test.assign(source=pd.Series([None] * len(test), dtype="str"), object_type="NONE")
    panels = axes_by_title(render(figures.draw_shares(tabulate_shares(train, bare))))
    assert panels["source"].get_title() == "source: one file has no rows to compare"
    assert "(none)" in names_of(panels["source"])


def test_type_pairs_show_shares_dots_and_blanks():
    table = pd.DataFrame(
        {"label": ["a", "b", "없음"], "rows": [1000, 4, 0]}
        | {"PER:ORG": [999, 3, 0], "ORG:ORG": [1, 1, 0]}
    )
    axes = render(figures.draw_type_pairs(table)).axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "1.00", (0, 1): ".75", (1, 1): ".25"}
    assert [tuple(map(float, line.get_xydata()[0])) for line in axes.lines] == [(1.0, 0.0)]
    columns = [name.get_text() for name in axes.get_xticklabels()]
    assert columns == ["PER:ORG (1,002)", "ORG:ORG (2)"]
    assert names_of(axes)[2] == "없음 (0)"


def test_lengths_show_the_limit_and_what_it_would_window(rows):
    limit = int(rows["tokens"].median())
    left, right = render(figures.draw_lengths(rows, limit)).axes
    assert left.get_title().startswith("characters: median train")
    share = (rows.loc[rows["split"] == "train", "tokens"] > limit).mean()
    assert f"over max_tokens {limit} (dashed): train {100 * share:.1f} %" in right.get_title()
    dashed = [line for line in right.get_lines() if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == [limit]
    assert figures.draw_lengths(rows, 5000).axes[1].get_xlim()[1] > 5000


def test_histograms_hold_all_rows(rows):
    distance, order, *_ = render(figures.draw_entities(rows)).axes
    assert distance.get_xlabel().startswith("characters between the two entities; last step: ")
    for stairs in distance.patches:
        assert stairs.get_data()[0].sum() == pytest.approx(1)
    first = rows.groupby("split")["subject_first"].mean()
    assert bars_of(order, "train") == pytest.approx([first["train"], 1 - first["train"]])


def test_auc_and_features_that_give_the_file_away(adversarial):
    """Shares are percentages, means have one decimal as well, all letters can be drawn."""
    lines = [
        ("policy_briefing", "source", "train", 0.0125, 0.00241, 0.04),
        ("subject_first", "number", "test", 0.6031839, 0.6216867, 0.02),
        ("characters", "number", "test", 95.185141, 1234.56, 0.01),
        (" 것", "n-gram", "test", 0.1, 0.4, 0.01),
        ("$😀$", "n-gram", "train", 0.2, 0.0, 0.01),
    ]
    columns = ["feature", "kind", "direction", "train_mean", "test_mean", "contribution"]
    features = pd.DataFrame(lines, columns=columns)
    auc, others, ngrams = render(figures.draw_adversarial(adversarial, features)).axes
    assert texts_of(auc) == ["0.800", "0.700", "0.600"]
    assert auc.get_ylabel().startswith("AUC of held-out rows")
    assert names_of(others) == ["source policy_briefing", "subject first", "characters"]
    assert texts_of(others) == ["1.2 % → 0.2 %", "60.3 % → 62.2 %", "95.2 → 1,234.6"]
    assert (bars_of(others, "train"), bars_of(others, "test")) == ([0.04], [0.02, 0.01])
    assert names_of(ngrams) == ["「 것」", "「$U+1F600$」"]
    assert bars_of(ngrams, "test") == [0.4, 0.0]
    for axes in (others, ngrams):
        assert "at the top: the largest part of the gap" in axes.get_title()
    missing = {**adversarial, "auc": {}, "not_measured": "too few rows"}
    axes = figures.draw_adversarial(missing, features[:0]).axes[0]
    assert (axes.get_title(), texts_of(axes)) == ("Not measured", ["too few rows"])
