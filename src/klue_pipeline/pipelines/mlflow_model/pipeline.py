"""The exported model of this experiment -> a folder that MLflow serves."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.mlflow_model.nodes import package_model


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the making of the MLflow model; no part of a run, which may be one without MLflow."""
    return Pipeline(
        [
            node(
                package_model,
                inputs=["exported_model", "params:about", "params:input"],
                outputs="mlflow_model",
                name="package_model",
            )
        ]
    )
