"""Passages -> tokens and indexes, one for each retriever."""

from klue_pipeline.pipelines.odqa_index.pipeline import create_pipeline

__all__ = ["create_pipeline"]
