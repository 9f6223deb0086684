"""Answers and gold answers -> how good they are, and where they fail."""

from klue_pipeline.pipelines.odqa_report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
