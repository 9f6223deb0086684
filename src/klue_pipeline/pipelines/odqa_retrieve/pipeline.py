"""Indexes and questions -> a run for each retriever, and the one of the experiment."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.pipelines.odqa_index.pipeline import WORDPIECE, index_name
from klue_pipeline.pipelines.odqa_retrieve.nodes import (
    fuse_runs,
    read_external_run,
    rerank_run,
    search_elasticsearch,
    search_index,
    select_test_run,
    take_earlier_run,
    take_run,
    train_reranker,
)
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import earlier_run

EXAMPLES, PASSAGES, RETRIEVAL = "odqa.examples", "odqa.passages", "params:odqa.retrieval"
RERANK = "params:odqa.rerank"


def create_pipeline(**_: Any) -> Pipeline:
    """Wire a search for every retriever, then what makes one run of theirs.

    The one that hard negatives come from has searched already, before the training.
    """
    retrieval = topology.retrieval()
    searches = [
        make_search(name, params)
        for name, params in retrieval.retrievers.items()
        if name not in retrieval.negatives
    ]
    fused = node(
        fuse_runs,
        inputs=[
            EXAMPLES,
            "odqa.gold_passages",
            "odqa.passage_groups",
            "params:odqa.fusion",
            RETRIEVAL,
            *(f"odqa.run_{name}" for name in retrieval.retrievers),
        ],
        outputs=["odqa.fused_run", "odqa.fusion_report"],
        name="odqa.fuse_runs",
    )
    test = node(
        select_test_run,
        inputs=["odqa.run", EXAMPLES],
        outputs="odqa.test_run",
        name="odqa.select_test_run",
    )
    return Pipeline([*searches, fused, *_finish(retrieval), test])


def make_search(name: str, params: RetrieverParams) -> Node:
    """Return the node that makes a retriever's run."""
    outputs = [f"odqa.run_{name}", f"odqa.search_report_{name}"]
    wordpiece = ["odqa.tokenizer"] if params.tokens == WORDPIECE else []
    settings = f"params:odqa.retrievers.{name}"
    earlier = earlier_run(params.experiment or "")
    ways: dict[str, tuple[Callable[..., Any], list[str]]] = {
        "experiment": (take_earlier_run, [earlier, RETRIEVAL]),
        "external": (
            read_external_run,
            ["odqa.raw_run", EXAMPLES, PASSAGES, "odqa.merged_passages", RETRIEVAL],
        ),
        "elasticsearch": (search_elasticsearch, [PASSAGES, EXAMPLES, settings, RETRIEVAL]),
    }
    index = index_name(name, params)
    indexed = (search_index, [index, EXAMPLES, settings, RETRIEVAL, *wordpiece])
    function, inputs = ways.get(params.name, indexed)
    return node(function, inputs=inputs, outputs=outputs, name=f"odqa.search_{name}")


def _finish(retrieval: topology.Retrieval) -> list[Node]:
    """Return the nodes between the fused run and that of the experiment."""
    if retrieval.rerank.name == "none":
        return [node(take_run, inputs="odqa.fused_run", outputs="odqa.run", name="odqa.take_run")]
    trained = ["odqa.reranker"] if retrieval.trains_reranker else []
    rerank = node(
        rerank_run,
        inputs=["odqa.fused_run", EXAMPLES, PASSAGES, RERANK, *trained],
        outputs="odqa.run",
        name="odqa.rerank_run",
        tags=["gpu"],
    )
    return [*([_train_reranker()] if trained else []), rerank]


def _train_reranker() -> Node:
    return node(
        train_reranker,
        inputs=[
            EXAMPLES,
            PASSAGES,
            "odqa.gold_passages",
            "odqa.hard_negatives",
            "odqa.tokenizer",
            "odqa.reranker_workspace",
            "params:odqa.encoder",
            "params:odqa.contrastive",
            "params:odqa.retriever_training",
            RERANK,
        ],
        outputs=["odqa.reranker_metrics", "odqa.reranker_history", "odqa.reranker"],
        name="odqa.train_reranker",
        tags=["gpu"],
    )
