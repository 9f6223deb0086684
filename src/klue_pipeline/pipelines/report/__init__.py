"""Scores and training histories -> metrics, tables and figures."""

from klue_pipeline.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
