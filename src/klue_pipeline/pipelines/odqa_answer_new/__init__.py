"""New questions -> answers, from an experiment that was trained and exported before."""

from klue_pipeline.pipelines.odqa_answer_new.pipeline import create_pipeline

__all__ = ["create_pipeline"]
