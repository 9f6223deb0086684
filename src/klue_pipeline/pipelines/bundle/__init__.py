"""Scores and settings of this experiment -> a bundle for a blend on another server."""

from klue_pipeline.pipelines.bundle.pipeline import create_pipeline

__all__ = ["create_pipeline"]
