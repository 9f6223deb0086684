"""Add training rows made from others; none yet."""

from klue_pipeline.pipelines.augment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
