"""Out-of-fold scores -> rows whose label is probably wrong, for a person to look at."""

from klue_pipeline.pipelines.label_audit.pipeline import create_pipeline

__all__ = ["create_pipeline"]
