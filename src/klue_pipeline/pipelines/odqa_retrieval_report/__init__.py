"""Runs and gold links -> how good retrieval is, and what it misses."""

from klue_pipeline.pipelines.odqa_retrieval_report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
