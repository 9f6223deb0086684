"""The exported model of this experiment -> a folder that MLflow serves."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.mlflow_model.nodes import package_model
from klue_pipeline.runs import topology


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the making of the MLflow model; no part of a run, which may be one without MLflow."""
    model = topology.graphs().choose("exported_model", "onnx_model", "onnx_int8_model")
    return Pipeline(
        [
            node(
                package_model,
                inputs=[model, "params:about", "params:input"],
                outputs="mlflow_model",
                name="package_model",
            )
        ]
    )
