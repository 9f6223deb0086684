"""Windows and folds -> a reader for each fold."""

from klue_pipeline.pipelines.odqa_train.pipeline import create_pipeline

__all__ = ["create_pipeline"]
