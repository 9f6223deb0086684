"""Training: features and folds -> one model, its scores and its history per fold."""

from klue_pipeline.pipelines.train.pipeline import create_pipeline

__all__ = ["create_pipeline"]
