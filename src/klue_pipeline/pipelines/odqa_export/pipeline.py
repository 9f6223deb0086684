"""Readers, passages, indexes and settings of this experiment -> one folder to hand out."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_export.nodes import INDEX, export_answerer
from klue_pipeline.pipelines.odqa_index.pipeline import WORDPIECE, has_index, index_name
from klue_pipeline.runs import topology
from klue_pipeline.runs.kept_weights import inputs_of_export


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the export of the folds that are run, and of the indexes that they read from."""
    models = inputs_of_export(topology.reading().folds, topology.keep_weights("odqa"), "odqa")
    return Pipeline(
        [
            node(
                export_answerer,
                inputs={
                    "passages": "odqa.passages",
                    "examples": "odqa.examples",
                    "answer_fit": "odqa.answer_fit",
                    "answer_report": "odqa.answer_report",
                    "fusion_report": "odqa.fusion_report",
                    "about": "params:odqa.about",
                    "raw": "params:odqa.raw",
                    "folds": "params:odqa.folds",
                    "augment": "params:odqa.augment",
                    "reader": "params:odqa.reader",
                    "head": "params:odqa.head",
                    "max_tokens": "params:odqa.training.max_tokens",
                    "answer": "params:odqa.answer",
                    "retrieval": "params:odqa.retrieval",
                    "fusion": "params:odqa.fusion",
                    "rerank": "params:odqa.rerank",
                    "export": "params:odqa.export",
                    **models,
                    **_what_searches(),
                },
                outputs="odqa.exported_answerer",
                name="odqa.export_answerer",
            )
        ]
    )


def _what_searches() -> dict[str, str]:
    """Return the indexes of all retrievers that have one, and what they need."""
    retrieval = topology.retrieval()
    retrievers = retrieval.retrievers
    parts = {
        f"{INDEX}{name}": index_name(name, params)
        for name, params in retrievers.items()
        if has_index(params)
    }
    if any(params.tokens == WORDPIECE for params in retrievers.values()):
        parts["tokenizer"] = "odqa.tokenizer"
    if retrieval.trains_reranker:
        parts["reranker"] = "odqa.reranker"
    return parts
