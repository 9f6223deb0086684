"""New rows and an exported experiment -> predictions."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.predict_new.nodes import predict_new
from klue_pipeline.runs import topology


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire predict_new; it reads the experiment's folder by a name that no node makes."""
    model = topology.graphs().choose("trained_classifier", "trained_graphs", "trained_int8_graphs")
    return Pipeline(
        [
            node(
                predict_new,
                inputs=[
                    "new_rows",
                    model,
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
