"""What the tables of the exploration say, as figures for a report.

How much the files differ is their total variation distance (0 % for the same shares, 100 % for
nothing in common), beside what two parts of one file would have by chance. That of a length or a
distance is measured in the bins of ``comparison``, as in the tables and the report.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from klue_pipeline.relation.exploration.adversarial_features import NGRAM, NUMBER
from klue_pipeline.relation.exploration.charts import (
    COLORS,
    NUMBER_POINTS,
    add_legend,
    draw_histograms,
    draw_paired_bars,
    format_distance,
    format_mean,
    format_share,
    write_names,
)
from klue_pipeline.relation.exploration.comparison import BIN_STARTS, measure_distance
from klue_pipeline.relation.exploration.distributions import distance_of, measure_number
from klue_pipeline.relation.exploration.row_measures import TEST, TRAIN

SHARE_PANELS = (("source", "subject_type", "object_type"), ("type_pair",))
"""The features of the figure of shares, by column."""

_MOST_VALUES = 20
_MOST_FEATURES = 15
_INCHES_PER_VALUE, _INCHES_PER_PANEL = 0.36, 0.9
_SMALLEST_SHARE, _DARK_CELL = 0.005, 0.5


def draw_label_shares(table: pd.DataFrame, n_test: int) -> Figure:
    """Draw the label shares of the training rows and, where there are any, the estimated ones.

    Args:
        table: As :func:`~.distributions.tabulate_label_shares` returns it.
        n_test: Test rows that the estimate is from.
    """
    n_train = int(table["train_rows"].sum())
    estimated = table["estimated_test_share"]
    shares = {TRAIN: table["train_share"]}
    title = "Labels of the training rows"
    if estimated.notna().all():
        shares[TEST] = estimated
        distance = measure_distance(table["train_share"], estimated, n_train, n_test)
        title = f"Labels: test shares are ESTIMATES,\n{format_distance(distance)}"
    names = _with_rows(table["label"], table["train_rows"])
    figure = Figure(figsize=(9, 1.6 + _INCHES_PER_VALUE * len(table)), layout="constrained")
    axes = figure.add_subplot()
    draw_paired_bars(axes, names, shares)
    axes.set_title(title)
    axes.set_xlabel("share of the file's rows")
    axes.set_ylabel("label (training rows)")
    _explain_estimate(figure, shares, {TRAIN: n_train, TEST: n_test})
    return figure


def _explain_estimate(figure: Figure, shares: dict[str, pd.Series], n_rows: dict[str, int]) -> None:
    handles, names = figure.axes[0].get_legend_handles_labels()
    texts = {
        TRAIN: f"train: {n_rows[TRAIN]:,} rows, counted",
        TEST: f"test: {n_rows[TEST]:,} rows, mean of the probabilities that an earlier run "
        "predicted (no label was read);\nleans towards the training shares or, with a weak model, "
        "towards even shares",
    }
    if len(shares) > 1:
        figure.legend(handles, [texts[name] for name in names], loc="outside lower center")


def draw_shares(shares: pd.DataFrame) -> Figure:
    """Draw sources and entity types, train beside test.

    Args:
        shares: As :func:`~.distributions.tabulate_shares` returns it.
    """
    tables = {
        name: _limit(shares[shares["feature"] == name])
        for column in SHARE_PANELS
        for name in column
    }
    heights = [[len(tables[name]) + 2.5 for name in column] for column in SHARE_PANELS]
    inches = 1 + _INCHES_PER_VALUE * max(map(sum, heights))
    figure = Figure(figsize=(12, inches), layout="constrained")
    parts = figure.subfigures(1, len(SHARE_PANELS), squeeze=False)[0]
    for part, column, ratios in zip(parts, SHARE_PANELS, heights, strict=True):
        panels = part.subplots(len(column), 1, squeeze=False, height_ratios=ratios)
        for axes, name in zip(panels.flat, column, strict=True):
            _draw_feature(axes, name, tables[name], shares)
    add_legend(figure, _rows_of(shares))
    return figure


def _draw_feature(axes: Axes, name: str, table: pd.DataFrame, shares: pd.DataFrame) -> None:
    draw_paired_bars(axes, table["value"].tolist(), _by_split(table))
    distance = distance_of(shares[shares["feature"] == name])
    axes.set_title(f"{_words(name)}: {format_distance(distance)}", fontsize="medium")
    axes.set_xlabel("share of the file's rows")


def _by_split(table: pd.DataFrame) -> dict[str, pd.Series]:
    return {split: table[f"{split}_share"] for split in (TRAIN, TEST)}


def _limit(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up the values beyond the most frequent ones."""
    if len(table) <= _MOST_VALUES:
        return table
    shown, rest = table[: _MOST_VALUES - 1], table[_MOST_VALUES - 1 :]
    numbers = rest.select_dtypes("number").sum(min_count=1)
    other = {"feature": rest["feature"].iloc[0], "value": f"({len(rest)} others)", **numbers}
    return pd.concat([shown, pd.DataFrame([other])], ignore_index=True)


def _rows_of(shares: pd.DataFrame) -> dict[str, int]:
    first = shares[shares["feature"] == shares["feature"].iloc[0]]
    return {split: int(first[f"{split}_rows"].sum()) for split in (TRAIN, TEST)}


def draw_type_pairs(table: pd.DataFrame) -> Figure:
    """Draw which pairs of entity types each label's training rows have.

    Args:
        table: As :func:`~.distributions.tabulate_type_pairs` returns it.
    """
    pairs = table.columns[2:]
    counts = table[pairs].to_numpy(dtype=np.int64)
    shares = counts / np.maximum(table["rows"].to_numpy()[:, None], 1)
    size = (5.2 + 0.55 * len(pairs), max(5.0, 2.4 + 0.34 * len(table)))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    figure.colorbar(image, ax=axes, pad=0.01, label="share of the label's rows")
    _write_cells(axes, counts, shares)
    write_names(axes, "x", _with_rows(pairs, counts.sum(axis=0)), rotation=90)
    write_names(axes, "y", _with_rows(table["label"], table["rows"]))
    axes.set_xlabel("type of the subject : type of the object (training rows)")
    axes.set_ylabel("label (training rows)")
    axes.set_title("Entity types of each label; a dot: some rows, under 0.5 %; blank: none")
    return figure


def _write_cells(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for row, column in np.argwhere(counts > 0).tolist():
        share = shares[row, column]
        if share < _SMALLEST_SHARE:
            axes.plot(column, row, ".", color="gray", markersize=3)
            continue
        color = "white" if share > _DARK_CELL else "black"
        text = f"{share:.2f}".removeprefix("0")
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=NUMBER_POINTS)


def draw_lengths(rows: pd.DataFrame, max_tokens: int) -> Figure:
    """Draw the lengths in characters and in tokens, and what ``max_tokens`` would window.

    Args:
        rows: As :func:`~.row_measures.measure_splits` returns it.
        max_tokens: ``training.max_tokens``.
    """
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_measure(left, rows, "characters", "characters of the sentence")
    _draw_measure(right, rows, "tokens", "tokens of the row with markers and query")
    right.axvline(max_tokens, color="black", linestyle="--", linewidth=1)
    right.set_xlim(right=max(right.get_xlim()[1], 1.03 * max_tokens))
    windowed = ", ".join(
        f"{split} {format_share((tokens > max_tokens).mean())}"
        for split, tokens in _values_by_split(rows, "tokens").items()
        if len(tokens)
    )
    # Both titles have as many lines, so that both charts are equally high.
    for axes, line in ((left, ""), (right, f"over max_tokens {max_tokens} (dashed): {windowed}")):
        axes.set_title(f"{axes.get_title()}\n{line}", fontsize="medium")
    add_legend(figure, _count_rows(rows))
    return figure


def draw_entities(rows: pd.DataFrame) -> Figure:
    """Draw how far the entities are apart, which comes first, and how long they are.

    Args:
        rows: As :func:`~.row_measures.measure_splits` returns it.
    """
    figure = Figure(figsize=(12, 7.6), layout="constrained")
    distance, order, subject, object_ = figure.subplots(2, 2).flat
    _draw_measure(distance, rows, "entity_distance", "characters between the two entities")
    _draw_measure(subject, rows, "subject_characters", "characters of the subject")
    _draw_measure(object_, rows, "object_characters", "characters of the object")
    first = {
        split: pd.Series([is_first.mean(), 1 - is_first.mean()] if len(is_first) else [np.nan] * 2)
        for split, is_first in _values_by_split(rows, "subject_first").items()
    }
    draw_paired_bars(order, ["subject", "object"], first)
    n_train, n_test = _count_rows(rows).values()
    distance_text = format_distance(measure_distance(first[TRAIN], first[TEST], n_train, n_test))
    order.set_title(f"which entity comes first: {distance_text}")
    order.set_xlabel("share of the file's rows")
    add_legend(figure, _count_rows(rows))
    return figure


def _draw_measure(axes: Axes, rows: pd.DataFrame, name: str, unit: str) -> None:
    values = _values_by_split(rows, name)
    drawn = draw_histograms(axes, values)
    axes.set_xlabel(f"{unit}; last step: {drawn.index[-1]:,} and more")
    medians = ", ".join(f"{split} {np.median(v):g}" for split, v in values.items() if len(v))
    distance = f"{format_distance(measure_number(rows, name))} in {len(BIN_STARTS[name])} bins"
    axes.set_title(f"{_words(name)}: median {medians}\n{distance}", fontsize="medium")


def _values_by_split(rows: pd.DataFrame, name: str) -> dict[str, NDArray[Any]]:
    return {split: rows.loc[rows["split"] == split, name].to_numpy() for split in (TRAIN, TEST)}


def _count_rows(rows: pd.DataFrame) -> dict[str, int]:
    return {split: int((rows["split"] == split).sum()) for split in (TRAIN, TEST)}


def draw_adversarial(report: dict[str, Any], features: pd.DataFrame) -> Figure:
    """Draw how well the files can be told apart, and by which features.

    Args:
        report: As in :class:`~.adversarial.Difference`.
        features: The features listed there.
    """
    is_ngram = features["kind"] == NGRAM
    ngrams, others = features[is_ngram][:_MOST_FEATURES], features[~is_ngram][:_MOST_FEATURES]
    inches = 2.2 + _INCHES_PER_VALUE * max(len(ngrams), len(others), 8)
    figure = Figure(figsize=(16, inches), layout="constrained")
    auc_axes, other_axes, ngram_axes = figure.subplots(1, 3, width_ratios=(0.75, 1, 1))
    _draw_auc(auc_axes, report)
    _draw_contributions(other_axes, others)
    draw_paired_bars(
        ngram_axes,
        [f"「{name}」" for name in ngrams["feature"]],
        {split: ngrams[f"{split}_mean"] for split in (TRAIN, TEST)},
    )
    ngram_axes.set_title(f"In the text: pieces that give the file away\n{_ORDER}")
    ngram_axes.set_xlabel("share of the file's rows that have it")
    add_legend(figure, report["rows"])
    return figure


def _draw_auc(axes: Axes, report: dict[str, Any]) -> None:
    for place, auc in enumerate(report["auc"].values()):
        axes.plot([place] * len(auc["folds"]), auc["folds"], "o", color="gray", alpha=0.6)
        axes.errorbar(place, auc["mean"], auc["standard_deviation"], fmt="_k", markersize=22)
        axes.text(place + 0.12, auc["mean"], f" {auc['mean']:.3f}", va="center")
    write_names(axes, "x", [_FEATURE_SETS[name] for name in report["auc"]])
    axes.axhline(0.5, color="black", linestyle=":", linewidth=1)
    axes.set_xlim(-0.5, len(_FEATURE_SETS))
    axes.set_ylim(0.4, 1.02)
    axes.set_ylabel("AUC of held-out rows; 0.5 (dotted): no difference")
    reason = report["not_measured"]
    axes.set_title("Can train and test be told apart?" if reason is None else "Not measured")
    if reason is not None:
        axes.text(0.5, 0.5, reason, wrap=True, ha="center", transform=axes.transAxes)


_ORDER = "(at the top: the largest part of the gap)"
_FEATURE_SETS = {"all": "all features", "text": "text only", "meta": "without text"}


def _draw_contributions(axes: Axes, features: pd.DataFrame) -> None:
    names = [_describe(*row) for row in features[["kind", "feature"]].itertuples(index=False)]
    colors = [COLORS[split] for split in features["direction"]]
    axes.barh(range(len(names)), features["contribution"], height=0.7, color=colors)
    for place, feature in enumerate(features.to_dict("records")):
        means = f" {_compare_means(feature)}"
        axes.text(feature["contribution"], place, means, va="center", fontsize=NUMBER_POINTS)
    write_names(axes, "y", names)
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.margins(x=0.25)
    axes.set_title(f"Beside the text (colour: the file that has more)\n{_ORDER}")
    axes.set_xlabel(
        "how far it moves the classifier's score (logarithm of the odds) from one file to\n"
        "the other; behind the bar: share of rows (%) or mean, train → test"
    )
    axes.spines[["top", "right"]].set_visible(False)


def _compare_means(feature: dict[Any, Any]) -> str:
    """Write train → test, as shares of rows for all that a row has or has not."""
    is_mean = feature["kind"] == NUMBER and feature["feature"] not in _YES_OR_NO
    write = format_mean if is_mean else format_share
    return f"{write(feature['train_mean'])} → {write(feature['test_mean'])}"


_YES_OR_NO = ("subject_first",)


def _describe(kind: str, feature: str) -> str:
    return _words(feature) if kind == NUMBER else f"{_words(kind)} {feature}"


def _with_rows(names: Iterable[Any], rows: Iterable[Any]) -> list[str]:
    return [f"{name} ({count:,})" for name, count in zip(names, rows, strict=True)]


def _words(name: str) -> str:
    return name.replace("_", " ")
