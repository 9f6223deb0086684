"""Scores and run records of every experiment on disk -> the leaderboard."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.leaderboard.nodes import rank_experiments
from klue_pipeline.runs import topology

INPUTS = {
    "out_of_fold": "out_of_fold@all",
    "test_scores": "test_scores@all",
    "score_bundles": "score_bundles",
    "run_records": "all_run_records",
    "fold_metrics": "all_fold_metrics",
    "clean_sentences": "clean_sentences",
    "fold_members": "fold_members",
    "clean_test_sentences": "clean_test_sentences",
    "test_gold": "test_gold",
    "labels": "labels",
    "evaluation": "params:evaluation",
}
BLEND = {
    name: f"{name}@latest"
    for name in (
        "ensemble_out_of_fold",
        "ensemble_scores",
        "ensemble_report",
        "ensemble_target_prior",
    )
}
"""What the latest blend left, if there was one."""


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the leaderboard; the run of a member makes no blend, and there may be none yet."""
    blend = {} if topology.experiment_kind() == "member" else BLEND
    return Pipeline(
        [
            node(
                rank_experiments,
                inputs={**INPUTS, **blend},
                outputs=["leaderboard", "leaderboard_page"],
                name="rank_experiments",
            )
        ]
    )
