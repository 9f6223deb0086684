"""Answers of every experiment on disk -> one answer to each test question."""

from klue_pipeline.pipelines.odqa_ensemble.pipeline import create_pipeline

__all__ = ["create_pipeline"]
