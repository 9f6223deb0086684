"""Submissions and what they should score -> the ledger, and a page about it."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.submissions.nodes import enter_submissions, render_submissions


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the ledger."""
    return Pipeline(
        [
            node(
                enter_submissions,
                inputs=[
                    "submission",
                    "blend_submissions",
                    "experiment_submission",
                    "ensemble_report@one",
                    "experiment_metrics",
                    "params:about",
                    "params:evaluation",
                ],
                outputs="submission_ledger",
                name="enter_submissions",
            ),
            node(
                render_submissions,
                inputs=[
                    "submission_ledger",
                    "all_submissions",
                    "clean_test_sentences",
                    "params:ledger",
                    "params:evaluation",
                ],
                outputs="submissions_page",
                name="render_submissions",
            ),
        ]
    )
