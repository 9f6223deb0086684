"""Raw questions and documents -> examples, passages, their groups and gold links."""

from klue_pipeline.pipelines.odqa_ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
