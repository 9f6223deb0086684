"""Scores of every experiment on disk -> one blend -> the submission."""

from klue_pipeline.pipelines.ensemble.pipeline import create_pipeline

__all__ = ["create_pipeline"]
