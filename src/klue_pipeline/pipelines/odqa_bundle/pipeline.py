"""Answers and settings of this experiment -> a bundle for an ensemble on another server."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_bundle.nodes import export_answer_bundle

SETTINGS = (
    "about", "retrieval", "fusion", "rerank", "folds", "augment", "reader", "head", "training",
    "answer",
)  # fmt: skip


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the export."""
    return Pipeline(
        [
            node(
                export_answer_bundle,
                inputs=[
                    "odqa.n_best@one",
                    "odqa.answers@one",
                    "odqa.examples",
                    "odqa.metrics",
                    "odqa.record",
                    *(f"params:odqa.{group}" for group in SETTINGS),
                ],
                outputs="odqa.answer_bundle",
                name="odqa.export_answer_bundle",
            )
        ]
    )
