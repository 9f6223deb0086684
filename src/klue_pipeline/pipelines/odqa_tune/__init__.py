"""A search for settings of the reader or the retriever: trials, the best again, an entry."""

from klue_pipeline.pipelines.odqa_tune.pipeline import create_pipeline

__all__ = ["create_pipeline"]
