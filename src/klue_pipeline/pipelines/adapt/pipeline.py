"""Sentences -> adapted encoder, its report and its history."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.adapt.nodes import adapt_encoder


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire adapt."""
    return Pipeline(
        [
            node(
                adapt_encoder,
                inputs=[
                    "clean_sentences",
                    "clean_test_sentences",
                    "adaptation_workspace",
                    "params:adapt",
                ],
                outputs=["adaptation_report", "adaptation_history", "adapted_encoder"],
                name="adapt_encoder",
                tags=["gpu"],
            )
        ]
    )
