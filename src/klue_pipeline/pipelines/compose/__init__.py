"""Composition: scores of other experiments -> one composite's scores per fold and of all."""

from klue_pipeline.pipelines.compose.pipeline import create_pipeline

__all__ = ["create_pipeline"]
