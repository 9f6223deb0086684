"""Passages -> tokens and indexes, one for each retriever."""

from collections.abc import Iterator
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams, TokenizerName
from klue_pipeline.pipelines.odqa_index.nodes import (
    embed_passages,
    index_tokens,
    prepare_tokenizer,
    tokenise_passages,
)
from klue_pipeline.runs import topology

WORDPIECE: TokenizerName = "wordpiece"
SPARSE = ("bm25", "tfidf")


def create_pipeline(**_: Any) -> Pipeline:
    """Wire an index for every retriever; those of one tokenizer share the table of tokens.

    That of a trained one is made where it is trained.
    """
    retrieval = topology.retrieval()
    searched = retrieval.searched
    indexes = [make_index(name, params) for name, params in searched.items() if not params.trained]
    nodes = [*_token_tables(searched), *filter(None, indexes)]
    if retrieval.trains or any(each.tokens == WORDPIECE for each in searched.values()):
        nodes.append(
            node(
                prepare_tokenizer,
                inputs=["odqa.passages", "params:odqa.encoder"],
                outputs="odqa.tokenizer",
                name="odqa.prepare_tokenizer",
            )
        )
    return Pipeline(nodes)


def index_name(retriever: str, params: RetrieverParams) -> str:
    """Return the dataset of a retriever's index: what learns nothing is shared by experiments."""
    shared = params.name in SPARSE and params.tokens != WORDPIECE
    return f"odqa.{'sparse_' if shared else ''}index_{retriever}"


def has_index(params: RetrieverParams) -> bool:
    """Tell whether a retriever searches an index of its own."""
    return params.name in (*SPARSE, "dense")


def _token_tables(searched: dict[str, RetrieverParams]) -> Iterator[Node]:
    for tokens in dict.fromkeys(each.tokens for each in searched.values()):
        if tokens is None:
            continue
        inputs = {"passages": "odqa.passages", "cache": "odqa.cache"}
        if tokens == WORDPIECE:
            inputs["tokenizer"] = "odqa.tokenizer"
        yield node(
            update_wrapper(partial(tokenise_passages, tokens=tokens), tokenise_passages),
            inputs=inputs,
            outputs=f"odqa.tokens_{tokens}",
            name=f"odqa.tokenise_{tokens}",
        )


def make_index(name: str, params: RetrieverParams) -> Node | None:
    """Return the node that makes a retriever's index; None for one that has none."""
    settings = f"params:odqa.retrievers.{name}"
    if params.name in SPARSE:
        return node(
            index_tokens,
            inputs=[f"odqa.tokens_{params.tokens}", settings],
            outputs=index_name(name, params),
            name=f"odqa.index_{name}",
        )
    if params.name != "dense":
        return None
    inputs = ["odqa.passages", "odqa.cache", settings, "params:odqa.encoder"]
    return node(
        embed_passages,
        inputs=[*inputs, *(["odqa.retriever_encoders"] if params.trained else [])],
        outputs=index_name(name, params),
        name=f"odqa.index_{name}",
        tags=["gpu"],
    )
