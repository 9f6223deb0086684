"""Readers and runs -> spans, answers, and predictions of the test questions."""

from klue_pipeline.pipelines.odqa_answer.pipeline import create_pipeline

__all__ = ["create_pipeline"]
