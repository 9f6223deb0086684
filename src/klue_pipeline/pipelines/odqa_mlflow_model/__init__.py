"""The exported answerer of this experiment -> a folder that MLflow serves."""

from klue_pipeline.pipelines.odqa_mlflow_model.pipeline import create_pipeline

__all__ = ["create_pipeline"]
