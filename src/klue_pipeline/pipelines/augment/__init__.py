"""Add training rows made from others."""

from klue_pipeline.pipelines.augment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
