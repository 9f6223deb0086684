"""A search for settings: studies of trials, the best of them again, figures and an entry."""

from klue_pipeline.pipelines.tune.pipeline import create_pipeline

__all__ = ["create_pipeline"]
