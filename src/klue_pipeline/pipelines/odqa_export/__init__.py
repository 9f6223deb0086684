"""Readers, passages, indexes and settings of this experiment -> one folder to hand out."""

from klue_pipeline.pipelines.odqa_export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
