"""Questions, passages and folds -> windows of tokens that a reader learns from."""

from klue_pipeline.pipelines.odqa_tokenize.pipeline import create_pipeline

__all__ = ["create_pipeline"]
