"""The exported model of this experiment -> a folder that MLflow serves."""

from klue_pipeline.pipelines.mlflow_model.pipeline import create_pipeline

__all__ = ["create_pipeline"]
