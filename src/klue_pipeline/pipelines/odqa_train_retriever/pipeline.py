"""Questions and hard negatives -> the encoders of a dense retriever, and its index."""

from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.odqa_index.pipeline import make_index
from klue_pipeline.pipelines.odqa_retrieve.pipeline import make_search
from klue_pipeline.pipelines.odqa_train_retriever.nodes import mine_negatives, train_retriever
from klue_pipeline.runs import topology

TABLES = ["odqa.examples", "odqa.passages", "odqa.gold_passages", "odqa.passage_groups"]


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the training of a retriever, from the search for negatives to the index.

    Hard negatives serve a cross-encoder too. Without anything to train there are no nodes.
    """
    retrieval = topology.retrieval()
    mined = retrieval.negatives
    trained = {name: retrieval.retrievers[name] for name in retrieval.trained}
    return Pipeline(
        [
            *(make_search(name, params) for name, params in mined.items()),
            *(_mine(name) for name in mined),
            *(_train(name, with_negatives=bool(mined)) for name in trained),
            *filter(None, (make_index(name, params) for name, params in trained.items())),
        ]
    )


def _mine(retriever: str) -> Node:
    return node(
        mine_negatives,
        inputs=[f"odqa.run_{retriever}", *TABLES, "params:odqa.contrastive"],
        outputs="odqa.hard_negatives",
        name="odqa.mine_negatives",
    )


def _train(retriever: str, *, with_negatives: bool) -> Node:
    return node(
        train_retriever,
        inputs=[
            *TABLES,
            "odqa.tokenizer",
            "odqa.retriever_workspace",
            f"params:odqa.retrievers.{retriever}",
            "params:odqa.encoder",
            "params:odqa.contrastive",
            "params:odqa.retriever_training",
            *(["odqa.hard_negatives"] if with_negatives else []),
        ],
        outputs=["odqa.retriever_metrics", "odqa.retriever_history", "odqa.retriever_encoders"],
        name="odqa.train_retriever",
        tags=["gpu"],
    )
