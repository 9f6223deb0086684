"""Questions and hard negatives -> the encoders of a dense retriever."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_train_retriever.nodes import mine_negatives, train_retriever
from klue_pipeline.runs import topology

TABLES = ["odqa.examples", "odqa.passages", "odqa.gold_passages", "odqa.passage_groups"]


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the training of retrievers; empty where an experiment has nothing to train."""
    retrieval = topology.retrieval()
    mined = retrieval.negatives if retrieval.trains else {}
    nodes = [
        node(
            mine_negatives,
            inputs=[
                f"odqa.run_{name}",
                "odqa.examples",
                "odqa.gold_passages",
                "odqa.passages",
                "odqa.passage_groups",
                "params:odqa.contrastive",
            ],
            outputs="odqa.hard_negatives",
            name="odqa.mine_negatives",
        )
        for name in mined
    ]
    for name in retrieval.trained[:1]:
        nodes.append(
            node(
                train_retriever,
                inputs=[
                    *TABLES,
                    "odqa.tokenizer",
                    "odqa.retriever_workspace",
                    f"params:odqa.retrievers.{name}",
                    "params:odqa.encoder",
                    "params:odqa.contrastive",
                    "params:odqa.retriever_training",
                    *(["odqa.hard_negatives"] if mined else []),
                ],
                outputs=[
                    "odqa.retriever_metrics",
                    "odqa.retriever_history",
                    "odqa.retriever_encoders",
                ],
                name="odqa.train_retriever",
                tags=["gpu"],
            )
        )
    return Pipeline(nodes)
