"""The exported answerer of this experiment -> its readers as ONNX graphs."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_onnx.nodes import export_reader_graphs, quantise_reader_graphs
from klue_pipeline.runs import topology


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the making of graphs; those in int8 only where they are asked for."""
    export = node(
        export_reader_graphs,
        inputs=[
            "odqa.exported_answerer",
            "odqa.reader_features",
            "odqa.onnx_workspace",
            "params:odqa.about",
            "params:odqa.onnx",
        ],
        outputs=["odqa.onnx_answerer", "odqa.onnx_report"],
        name="odqa.export_reader_graphs",
    )
    if not topology.graphs("odqa").int8:
        return Pipeline([export])
    quantise = node(
        quantise_reader_graphs,
        inputs=[
            "odqa.exported_answerer",
            "odqa.onnx_answerer",
            "odqa.onnx_report",
            "odqa.reader_features",
            "odqa.reader_examples",
            "odqa.fold_members",
            "odqa.onnx_workspace",
            "params:odqa.about",
            "params:odqa.evaluation",
            "params:odqa.onnx",
            "params:odqa.training.evaluation_batch_size",
            "params:odqa.answer.max_answer_tokens",
        ],
        outputs=["odqa.onnx_int8_answerer", "odqa.onnx_int8_report"],
        name="odqa.quantise_reader_graphs",
    )
    return Pipeline([export, quantise])
