"""Figures: they show what the tables say, with readable names, whatever is missing."""

import warnings
from io import BytesIO
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams

from klue_pipeline.relation.exploration import figures
from klue_pipeline.relation.exploration.charts import COLORS, format_distance
from klue_pipeline.relation.exploration.comparison import measure_distance
from klue_pipeline.relation.exploration.distributions import (
    summarise_shares,
    tabulate_label_shares,
    tabulate_shares,
    tabulate_type_pairs,
)
from klue_pipeline.relation.exploration.row_measures import measure_splits


def render(figure):
    """Draw as saving would; a letter that no font has would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(BytesIO(), format="png")
    return figure


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def bars_of(axes, split):
    """Widths of the bars in a file's colour, from the top."""
    from matplotlib.colors import to_rgba

    return [
        bar.get_width() for bar in axes.patches if bar.get_facecolor() == to_rgba(COLORS[split])
    ]


def axes_by_title(figure):
    return {axes.get_title().split(":")[0]: axes for axes in figure.axes}


def assert_nothing_overlaps(figure):
    """Names at the ticks stand apart, and names and titles stand inside the figure."""
    canvas = figure.bbox
    for axes in figure.axes:
        title = axes.title.get_window_extent()
        assert title.width == 0 or (canvas.x0 <= title.x0 and title.x1 <= canvas.x1)
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            names = [tick.label1 for tick in ticks if tick.label1.get_visible()]
            boxes = [name.get_window_extent() for name in names if name.get_text()]
            assert all(canvas.x0 <= box.x0 and box.x1 <= canvas.x1 for box in boxes)
            assert not any(one.overlaps(other) for one, other in pairwise(boxes))


def assert_the_legend_fits(figure):
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0
    assert box.x1 <= figure.bbox.x1


@pytest.fixture
def rows(train, test, wordpiece_tokenizer, input_params):
    return measure_splits(train, test, wordpiece_tokenizer, input_params)


@pytest.fixture
def adversarial():
    report = {
        "rows": {"train": 200, "test": 100}, "left_out": [], "not_measured": None,
        "auc": {
            name: {"mean": mean, "standard_deviation": 0.02, "folds": [mean - 0.02, mean + 0.02]}
            for name, mean in {"all": 0.8, "text": 0.7, "meta": 0.6}.items()
        },
    }  # fmt: skip
    lines = [
        ("policy_briefing", "source", "train", 0.5, 0.25, -1.0, 0.25),
        ("object_characters", "number", "test", 3.5, 4.5, 1.0, 0.2),
        (" 것", "n-gram", "test", 0.1, 0.4, 2.0, 0.01),
        ("$😀$", "n-gram", "train", 0.2, 0.0, -2.0, 0.01),
    ]
    columns = ["feature", "kind", "direction", "train_mean", "test_mean", "coefficient"]
    return report, pd.DataFrame(lines, columns=[*columns, "contribution"])


def test_label_shares_without_an_estimate(train, test, labels):
    table = tabulate_label_shares(train, test, labels, None)
    figure = render(figures.draw_label_shares(table, 8))
    axes = figure.axes[0]
    assert bars_of(axes, "train") == pytest.approx(table["train_share"].tolist())
    assert bars_of(axes, "test") == []
    assert "ESTIMATE" not in axes.get_title()
    assert axes.get_yticklabels()[0].get_text() == "no_relation (0)"


def test_an_estimate_is_called_one(train, test, labels):
    uniform = np.full(len(labels.names), 1 / len(labels.names))
    table = tabulate_label_shares(train, test, labels, None).assign(estimated_test_share=uniform)
    figure = render(figures.draw_label_shares(table, 8))
    axes = figure.axes[0]
    assert bars_of(axes, "test") == pytest.approx(uniform.tolist())
    distance = measure_distance(table["train_share"], table["estimated_test_share"], 16, 8)
    assert axes.get_title() == f"Labels: test shares are ESTIMATES, {format_distance(distance)}"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[0] == "train: 16 rows, counted"
    assert legend[1].startswith("test: 8 rows, mean of the probabilities that an earlier run")
    assert "no label was read" in legend[1]
    assert "leans towards the training shares" in legend[1]
    assert "even shares" in legend[1]
    assert_the_legend_fits(figure)


def test_shares_stand_side_by_side_with_their_distance(train, test):
    shares = tabulate_shares(train, test)
    figure = render(figures.draw_shares(shares))
    panels = axes_by_title(figure)
    assert set(panels) == {"source", "subject type", "object type", "type pair"}
    own = shares[shares["feature"] == "source"]
    assert bars_of(panels["source"], "train") == pytest.approx(own["train_share"].tolist())
    assert bars_of(panels["source"], "test") == pytest.approx(own["test_share"].tolist())
    distance = (own["train_share"] - own["test_share"]).abs().sum() / 2
    assert f"TV {distance:.3f} (by chance" in panels["source"].get_title()
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["train: 16 rows", "test: 8 rows"]
    assert_nothing_overlaps(figure)


def test_a_file_without_sources_or_types_is_drawn_and_not_compared(train, test):
    bare = test.assign(source=pd.Series([None] * len(test), dtype="str"), object_type="NONE")
    panels = axes_by_title(render(figures.draw_shares(tabulate_shares(train, bare))))
    assert panels["source"].get_title() == "source: TV not defined"
    names = [label.get_text() for label in panels["source"].get_yticklabels()]
    assert "(none)" in names


def test_many_sources_are_summed_up(train, test):
    sources = [f"신문 {number}" for number in range(90)]
    many = pd.concat([train] * 6, ignore_index=True)[:90].assign(source=sources)
    figure = render(figures.draw_shares(tabulate_shares(many, test)))
    axes = axes_by_title(figure)["source"]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 20
    assert names[-1].endswith("others)")
    assert sum(bars_of(axes, "train")) == pytest.approx(1)
    assert_nothing_overlaps(figure)


def test_type_pairs_show_shares_dots_and_blanks(labels):
    table = pd.DataFrame(
        {
            "label": ["a", "b", "없음"],
            "rows": [1000, 4, 0],
            "PER:ORG": [999, 3, 0],
            "ORG:ORG": [1, 1, 0],
        }
    )
    figure = render(figures.draw_type_pairs(table))
    axes = figure.axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "1.00", (0, 1): ".75", (1, 1): ".25"}
    assert [tuple(map(float, line.get_xydata()[0])) for line in axes.lines] == [(1.0, 0.0)]
    assert [name.get_text() for name in axes.get_xticklabels()] == [
        "PER:ORG (1,002)",
        "ORG:ORG (2)",
    ]
    assert axes.get_yticklabels()[2].get_text() == "없음 (0)"
    assert_nothing_overlaps(figure)


def test_lengths_show_the_limit_and_what_it_would_window(rows):
    limit = int(rows["tokens"].median())
    figure = render(figures.draw_lengths(rows, limit))
    left, right = figure.axes
    assert left.get_title().startswith("characters: median train")
    shares = (rows["tokens"] > limit).groupby(rows["split"]).mean()
    assert (
        f"over max_tokens {limit} (dashed): train {100 * shares['train']:.1f} %"
        in right.get_title()
    )
    dashed = [line for line in right.get_lines() if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == [limit]
    assert_nothing_overlaps(figure)


def test_a_limit_beyond_all_rows_is_in_the_picture(rows):
    right = render(figures.draw_lengths(rows, 5000)).axes[1]
    assert right.get_xlim()[1] > 5000


def test_histograms_hold_all_rows(rows):
    figure = render(figures.draw_entities(rows))
    distance, order, *_ = figure.axes
    assert distance.get_xlabel().startswith("characters between the two entities; last step: ")
    for stairs in distance.patches:
        assert stairs.get_data()[0].sum() == pytest.approx(1)
    first = rows.groupby("split")["subject_first"].mean()
    assert bars_of(order, "train") == pytest.approx([first["train"], 1 - first["train"]])
    assert_nothing_overlaps(figure)


def test_without_test_rows_everything_is_drawn(
    train, test, labels, wordpiece_tokenizer, input_params
):
    none = test[:0]
    rows = measure_splits(train, none, wordpiece_tokenizer, input_params)
    drawn = [
        figures.draw_shares(tabulate_shares(train, none)),
        figures.draw_lengths(rows, 64),
        figures.draw_entities(rows),
    ]
    for figure in drawn:
        render(figure)
        assert "TV not defined" in " ".join(axes.get_title() for axes in figure.axes)


def test_one_row_each_is_drawn(train, test, labels, wordpiece_tokenizer, input_params):
    rows = measure_splits(train[:1], test[:1], wordpiece_tokenizer, input_params)
    for figure in (
        figures.draw_label_shares(tabulate_label_shares(train[:1], test[:1], labels, None), 1),
        figures.draw_shares(tabulate_shares(train[:1], test[:1])),
        figures.draw_type_pairs(tabulate_type_pairs(train[:1], labels)),
        figures.draw_lengths(rows, 64),
        figures.draw_entities(rows),
    ):
        render(figure)


def test_auc_and_features_that_give_the_file_away(adversarial):
    report, features = adversarial
    figure = render(figures.draw_adversarial(report, features))
    auc, others, ngrams = figure.axes
    assert [text.strip() for text in texts_of(auc)] == ["0.800", "0.700", "0.600"]
    assert auc.get_ylabel().startswith("AUC of held-out rows")
    names = [label.get_text() for label in others.get_yticklabels()]
    assert names == ["source policy_briefing", "object characters"]
    assert [text.strip() for text in texts_of(others)] == ["50.0 % → 25.0 %", "3.5 → 4.5"]
    assert bars_of(others, "train") == [0.25]
    assert bars_of(others, "test") == [0.2]
    assert [label.get_text() for label in ngrams.get_yticklabels()] == ["「 것」", "「$U+1F600$」"]
    assert bars_of(ngrams, "test") == [0.4, 0.0]
    assert_nothing_overlaps(figure)


def test_shares_are_percentages_and_means_have_three_digits(adversarial):
    report, _ = adversarial
    lines = [
        ("policy_briefing", "source", "train", 0.0125, 0.00241, 0.04),
        ("ORG", "object_type", "train", 0.352594339, 0.286746987, 0.03),
        ("subject_first", "number", "test", 0.6031839, 0.6216867, 0.02),
        ("characters", "number", "test", 95.185141, 1234.56, 0.01),
    ]
    columns = ["feature", "kind", "direction", "train_mean", "test_mean", "contribution"]
    figure = render(figures.draw_adversarial(report, pd.DataFrame(lines, columns=columns)))
    assert [text.strip() for text in texts_of(figure.axes[1])] == [
        "1.2 % → 0.24 %",
        "35.3 % → 28.7 %",
        "60.3 % → 62.2 %",
        "95.2 → 1,235",
    ]


def test_the_panels_say_how_they_are_ordered(adversarial):
    _, others, ngrams = render(figures.draw_adversarial(*adversarial)).axes
    for axes in (others, ngrams):
        assert "at the top: the largest part of the gap" in axes.get_title()


def test_titles_have_the_distances_of_the_report(train, test, rows):
    """Figure, table and report count in the same bins."""
    summary = summarise_shares(tabulate_shares(train, test))
    drawn = [*figures.draw_lengths(rows, 64).axes, *figures.draw_entities(rows).axes]
    titles = {axes.get_title().split(":")[0]: axes.get_title() for axes in drawn}
    titles["entity order"] = titles["which entity comes first"]
    for name in (
        "entity_distance", "subject_characters", "object_characters", "characters", "entity_order",
    ):  # fmt: skip
        own = summary[name]
        said = (
            f"TV {own['total_variation_distance']:.3f} (by chance {own['distance_by_chance']:.3f})"
        )
        assert said in titles[name.replace("_", " ")]


def test_what_was_not_measured_says_why(adversarial):
    report, features = adversarial
    missing = {**report, "auc": {}, "not_measured": "too few rows"}
    figure = render(figures.draw_adversarial(missing, features[:0]))
    assert figure.axes[0].get_title() == "Not measured"
    assert texts_of(figure.axes[0]) == ["too few rows"]


def test_korean_labels_are_drawn_as_they_are(train, test, labels):
    names = ["관계_없음", "인물:직업", "단체:설립일😀"]
    table = pd.DataFrame(
        {"label": names, "train_rows": [3, 2, 1], "train_share": [3 / 6, 2 / 6, 1 / 6]}
    ).assign(estimated_test_share=np.nan)
    axes = render(figures.draw_label_shares(table, 0)).axes[0]
    drawn = [label.get_text() for label in axes.get_yticklabels()]
    assert drawn == ["관계_없음 (3)", "인물:직업 (2)", "단체:설립일U+1F600 (1)"]


def test_drawing_changes_no_global_setting(rows):
    before = dict(rcParams)
    render(figures.draw_entities(rows))
    assert dict(rcParams) == before
