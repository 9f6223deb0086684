"""Clean the rows of both files, and draw the folds."""

from klue_pipeline.pipelines.clean.pipeline import create_pipeline

__all__ = ["create_pipeline"]
