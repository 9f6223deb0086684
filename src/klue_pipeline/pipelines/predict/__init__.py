"""Prediction: models and test features -> test scores per fold and their average."""

from klue_pipeline.pipelines.predict.pipeline import create_pipeline

__all__ = ["create_pipeline"]
