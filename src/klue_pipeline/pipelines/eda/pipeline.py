"""Cleaned rows of both files -> tables, figures and a report about them."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.eda.nodes import (
    plot_adversarial,
    plot_entities,
    plot_label_shares,
    plot_lengths,
    plot_shares,
    plot_type_pairs,
    report_exploration,
    tabulate_label_shares,
    tabulate_type_pairs,
    tell_files_apart,
)
from klue_pipeline.relation.exploration.distributions import tabulate_shares
from klue_pipeline.relation.exploration.repetition import tabulate_repetition
from klue_pipeline.relation.exploration.row_measures import measure_splits, tabulate_lengths

_FILES = ["clean_sentences", "clean_test_sentences"]


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire eda: tables first, then what they say and figures that draw them."""
    return _tables() + _report() + _figures()


def _tables() -> Pipeline:
    return Pipeline(
        [
            node(
                measure_splits,
                inputs=[*_FILES, "tokenizer", "params:input"],
                outputs="eda_rows",
                name="measure_rows",
            ),
            node(
                tabulate_label_shares,
                inputs=[*_FILES, "labels", "earlier_test_scores"],
                outputs="eda_labels",
                name="tabulate_label_shares",
            ),
            node(tabulate_shares, inputs=_FILES, outputs="eda_shares", name="tabulate_shares"),
            node(
                tabulate_type_pairs,
                inputs=["clean_sentences", "labels"],
                outputs="eda_type_pairs",
                name="tabulate_type_pairs",
            ),
            node(
                tabulate_lengths, inputs="eda_rows", outputs="eda_lengths", name="tabulate_lengths"
            ),
            node(
                tabulate_repetition,
                inputs=["sentences", *_FILES],
                outputs="eda_repetition",
                name="tabulate_repetition",
            ),
            node(
                tell_files_apart,
                inputs=[*_FILES, "eda_rows", "params:eda"],
                outputs=["eda_adversarial", "eda_adversarial_features"],
                name="tell_files_apart",
            ),
        ]
    )


def _report() -> Pipeline:
    return Pipeline(
        [
            node(
                report_exploration,
                inputs=[
                    *_FILES,
                    "eda_rows",
                    "eda_labels",
                    "eda_shares",
                    "eda_repetition",
                    "eda_adversarial",
                    "params:training.max_tokens",
                    "params:eda",
                ],
                outputs="eda_report",
                name="report_exploration",
            ),
        ]
    )


def _figures() -> Pipeline:
    drawn: dict[str, tuple[Callable[..., Any], list[str]]] = {
        "eda_label_figure": (plot_label_shares, ["eda_labels", "clean_test_sentences"]),
        "eda_shares_figure": (plot_shares, ["eda_shares"]),
        "eda_type_pairs_figure": (plot_type_pairs, ["eda_type_pairs"]),
        "eda_lengths_figure": (plot_lengths, ["eda_rows", "params:training.max_tokens"]),
        "eda_entities_figure": (plot_entities, ["eda_rows"]),
        "eda_adversarial_figure": (
            plot_adversarial,
            ["eda_adversarial", "eda_adversarial_features"],
        ),
    }
    return Pipeline(
        [
            node(draw, inputs=tables, outputs=figure, name=draw.__name__)
            for figure, (draw, tables) in drawn.items()
        ]
    )
