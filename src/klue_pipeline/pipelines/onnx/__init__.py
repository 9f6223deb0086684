"""The exported model of this experiment -> ONNX graphs, in float32 and in int8."""

from klue_pipeline.pipelines.onnx.pipeline import create_pipeline

__all__ = ["create_pipeline"]
