"""Features and folds -> a study -> its best trials again -> report, entry and figures."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.tune.nodes import (
    draw_search,
    report_search,
    search_settings,
)
from klue_pipeline.runs.tuning.trial_settings import SEARCHED_GROUPS

_READ = ["params:target", "params:augment", *(f"params:{group}" for group in SEARCHED_GROUPS)]
"""What trials have in common unless it is searched; named so that lineage knows of it."""


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire tune."""
    judged = ["params:evaluation", "params:about"]
    return Pipeline(
        [
            node(
                search_settings,
                inputs=[
                    "training_sentences", "train_features", "fold_members", "tokenizer", "labels",
                    "tune_scratch", "parameters", "params:tune", *judged, *_READ,
                ],
                outputs=["trials", "finalists"],
                name="search_settings",
                tags=["gpu"],
            ),
            node(
                report_search,
                inputs=["trials", "finalists", "parameters", "params:tune", *judged],
                outputs=["tune_report", "tuned_entry"],
                name="report_search",
            ),
            node(
                draw_search,
                inputs=["trials", "params:evaluation", "params:tune", "params:about"],
                outputs=[
                    "tune_history_figure", "tune_importance_figure", "tune_slices_figure",
                    "tune_parallel_figure",
                ],
                name="draw_search",
            ),
        ]
    )  # fmt: skip
