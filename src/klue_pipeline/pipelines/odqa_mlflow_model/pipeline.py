"""The exported answerer of this experiment -> a folder that MLflow serves."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_mlflow_model.nodes import package_answerer
from klue_pipeline.runs import topology


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the making of the MLflow model; no part of a run, which may be one without MLflow."""
    answerer = topology.graphs("odqa").choose(
        "odqa.exported_answerer", "odqa.onnx_answerer", "odqa.onnx_int8_answerer"
    )
    return Pipeline(
        [
            node(
                package_answerer,
                inputs=[answerer, "params:odqa.about"],
                outputs="odqa.mlflow_answerer",
                name="odqa.package_answerer",
            )
        ]
    )
