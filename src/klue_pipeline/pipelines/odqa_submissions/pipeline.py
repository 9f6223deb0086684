"""Files of predictions and what they should score -> the ledger, and a page about it."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_submissions.nodes import enter_predictions, render_predictions


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the ledger; there may be no ensemble yet."""
    return Pipeline(
        [
            node(
                enter_predictions,
                inputs=[
                    "odqa.predictions",
                    "odqa.answer_report",
                    "params:odqa.about",
                    "params:odqa.evaluation",
                    "odqa.ensemble_predictions@latest",
                    "odqa.ensemble_report@latest",
                ],
                outputs="odqa.submission_ledger",
                name="odqa.enter_predictions",
            ),
            node(
                render_predictions,
                inputs=[
                    "odqa.submission_ledger",
                    "odqa.all_predictions",
                    "odqa.examples",
                    "params:odqa.ledger",
                    "params:odqa.evaluation",
                ],
                outputs="odqa.submissions_page",
                name="odqa.render_predictions",
            ),
        ]
    )
