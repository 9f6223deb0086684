"""New rows without labels -> labels and probabilities, from an experiment trained before."""

from klue_pipeline.pipelines.predict_new.pipeline import create_pipeline

__all__ = ["create_pipeline"]
