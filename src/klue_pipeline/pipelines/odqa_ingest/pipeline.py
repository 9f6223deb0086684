"""Raw questions and documents -> examples, passages, their groups and gold links."""

from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.odqa_ingest.nodes import (
    assign_parts,
    group_passages,
    link_gold,
    parse_questions,
    split_documents,
)


def create_pipeline(**_: Any) -> Pipeline:
    """Wire ingest."""
    return Pipeline([*_read(), *_connect()])


def _read() -> list[Node]:
    """Return the nodes that read questions and documents."""
    return [
        node(
            parse_questions,
            inputs=[
                "odqa.raw_train",
                "odqa.raw_validation",
                "odqa.raw_test",
                "params:odqa.ingest",
            ],
            outputs=["odqa.questions", "odqa.rejected_questions"],
            name="odqa.parse_questions",
        ),
        node(
            split_documents,
            inputs=[
                "odqa.raw_documents",
                "odqa.questions",
                "params:odqa.passages",
                "params:odqa.ingest",
            ],
            outputs=[
                "odqa.passages",
                "odqa.merged_passages",
                "odqa.rejected_documents",
                "odqa.passage_report",
            ],
            name="odqa.split_documents",
        ),
    ]


def _connect() -> list[Node]:
    """Return the nodes that say which passages belong together, and to which questions."""
    return [
        node(
            group_passages,
            inputs=["odqa.passages", "params:odqa.passages"],
            outputs="odqa.passage_groups",
            name="odqa.group_passages",
        ),
        node(
            link_gold,
            inputs=["odqa.questions", "odqa.passages"],
            outputs=["odqa.gold_passages", "odqa.gold_report"],
            name="odqa.link_gold",
        ),
        node(
            assign_parts,
            inputs=[
                "odqa.questions",
                "odqa.gold_passages",
                "odqa.passage_groups",
                "params:odqa.parts",
            ],
            outputs="odqa.examples",
            name="odqa.assign_parts",
        ),
    ]
