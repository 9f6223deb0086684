"""Questions and hard negatives -> the encoders of a dense retriever."""

from klue_pipeline.pipelines.odqa_train_retriever.pipeline import create_pipeline

__all__ = ["create_pipeline"]
