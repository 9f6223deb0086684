"""New questions and an exported answerer -> answers."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_answer_new.nodes import answer_new
from klue_pipeline.runs import topology


def create_pipeline(**_: Any) -> Pipeline:
    """Wire answer_new; it reads the exported folder by a name that no node makes."""
    answerer = topology.graphs("odqa").choose(
        "odqa.trained_answerer", "odqa.trained_graphs", "odqa.trained_int8_graphs"
    )
    return Pipeline(
        [
            node(
                answer_new,
                inputs=[
                    "odqa.new_questions",
                    answerer,
                    "params:odqa.answer_new",
                    "params:odqa.ingest",
                    "params:odqa.training",
                ],
                outputs="odqa.new_answers",
                name="odqa.answer_new",
                tags=["gpu"],
            )
        ]
    )
