"""Files of predictions and what they should score -> the ledger, and a page about it."""

from klue_pipeline.pipelines.odqa_submissions.pipeline import create_pipeline

__all__ = ["create_pipeline"]
