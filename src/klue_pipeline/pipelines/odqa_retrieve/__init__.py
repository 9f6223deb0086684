"""Indexes and questions -> a run for each retriever, and the one of the experiment."""

from klue_pipeline.pipelines.odqa_retrieve.pipeline import create_pipeline

__all__ = ["create_pipeline"]
