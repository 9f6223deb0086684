"""Sentences -> tokenizer -> token ids with entity positions."""

from klue_pipeline.pipelines.tokenize.pipeline import create_pipeline

__all__ = ["create_pipeline"]
