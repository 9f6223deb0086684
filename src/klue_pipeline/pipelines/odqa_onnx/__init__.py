"""The exported answerer of this experiment -> its readers as ONNX graphs."""

from klue_pipeline.pipelines.odqa_onnx.pipeline import create_pipeline

__all__ = ["create_pipeline"]
