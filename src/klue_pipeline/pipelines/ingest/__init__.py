"""Raw files in any known format -> checked, normalised tables."""

from klue_pipeline.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
