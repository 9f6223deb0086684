"""Models, scores and settings of this experiment -> one folder to hand out, with a model card."""

from klue_pipeline.pipelines.export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
