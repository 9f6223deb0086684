"""A look at the data: tables, figures and one report."""

from klue_pipeline.pipelines.eda.pipeline import create_pipeline

__all__ = ["create_pipeline"]
