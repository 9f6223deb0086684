"""Answers and settings of this experiment -> a bundle for an ensemble on another server."""

from klue_pipeline.pipelines.odqa_bundle.pipeline import create_pipeline

__all__ = ["create_pipeline"]
