"""Sentences of the task -> an encoder that has gone on with its pre-training on them."""

from klue_pipeline.pipelines.adapt.pipeline import create_pipeline

__all__ = ["create_pipeline"]
