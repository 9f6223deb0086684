"""New rows and an exported experiment -> predictions."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.predict_new.nodes import predict_new


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire predict_new; it reads the experiment's folder by a name that no node makes."""
    return Pipeline(
        [
            node(
                predict_new,
                inputs=[
                    "new_rows",
                    "trained_classifier",
                    "params:predict",
                    "params:ingest",
                    "params:training",
                ],
                outputs="new_predictions",
                name="predict_new",
                tags=["gpu"],
            )
        ]
    )
