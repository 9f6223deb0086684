"""Scores of single rows -> what went wrong, as a table and as a page to read."""

from klue_pipeline.pipelines.errors.pipeline import create_pipeline

__all__ = ["create_pipeline"]
