"""The exported model of this experiment -> ONNX graphs, in float32 and in int8."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.onnx.nodes import export_graphs, quantise_graphs
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the making of graphs; those in int8 only where they are asked for."""
    export = node(
        export_graphs,
        inputs=[
            "exported_model",
            "train_features",
            "onnx_workspace",
            "params:about",
            "params:onnx",
        ],
        outputs=["onnx_model", "onnx_report"],
        name="export_graphs",
    )
    if not topology.graphs().int8:
        return Pipeline([export])
    quantise = node(
        quantise_graphs,
        inputs={
            "exported_model": "exported_model",
            "onnx_model": "onnx_model",
            "onnx_report": "onnx_report",
            "train_features": "train_features",
            "fold_members": "fold_members",
            "clean_sentences": "clean_sentences",
            "labels": "labels",
            "onnx_workspace": "onnx_workspace",
            "about": "params:about",
            "evaluation": "params:evaluation",
            "onnx": "params:onnx",
            "batch_size": "params:training.evaluation_batch_size",
            **{
                fold_name(fold): in_fold(fold, "validation_scores")
                for fold in topology.folds_to_run()
            },
        },
        outputs=["onnx_int8_model", "onnx_int8_report"],
        name="quantise_graphs",
    )
    return Pipeline([export, quantise])
