"""Search with every retriever, and make one run of theirs."""

import time
from typing import Any

import pandas as pd

from klue_pipeline.odqa.engines.elasticsearch import retrieve_by_elasticsearch
from klue_pipeline.odqa.engines.external import read_external_run as read_run
from klue_pipeline.odqa.fusion.fusing import fuse
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    FusionParams,
    RerankParams,
    RetrievalParams,
    RetrieverParams,
    RetrieverTrainingParams,
)
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.training.params import EncoderParams

Found = tuple[pd.DataFrame, dict[str, Any]]
"""A run, and what is to be said of the search."""


def search_index(
    index: Any,
    examples: pd.DataFrame,
    retriever: RetrieverParams,
    retrieval: RetrievalParams,
    tokenizer: Any = None,
) -> Found:
    """Search for the passages of every question, of all parts.

    Returns:
        The run (schema ``Run``), and how long it took and how large the index is.
    """
    began = time.perf_counter()
    run = index.search(examples, retrieval.top_k, tokenizer)
    costs = {
        "search_seconds": time.perf_counter() - began,
        "searched_questions": len(examples),
        "index_bytes": index.n_bytes,
    }
    return run, {"trained": retriever.trained or False, "costs": costs, **index.report}


def read_external_run(
    raw_run: RawFile,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    merged_passages: pd.DataFrame,
    retrieval: RetrievalParams,
) -> Found:
    """Take over the run of another engine; what it names and nobody knows is counted."""
    return read_run(raw_run, examples, passages, retrieval.top_k, merged_passages)


def take_earlier_run(earlier_run: pd.DataFrame, retrieval: RetrievalParams) -> Found:
    """Take the run of an experiment that was run before, as it is on disk."""
    return earlier_run[earlier_run["rank"] <= retrieval.top_k].reset_index(drop=True), {}


def search_elasticsearch(
    passages: pd.DataFrame,
    examples: pd.DataFrame,
    retriever: RetrieverParams,
    retrieval: RetrievalParams,
) -> Found:
    """Put the passages into a server of Elasticsearch, and search there."""
    began = time.perf_counter()
    run = retrieve_by_elasticsearch(passages, examples, retriever, retrieval.top_k)
    seconds = time.perf_counter() - began
    return run, {"costs": {"search_seconds": seconds, "searched_questions": len(examples)}}


def fuse_runs(
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    fusion: FusionParams,
    retrieval: RetrievalParams,
    *runs: pd.DataFrame,
) -> Found:
    """Make one run of those of all retrievers; weights are fitted on training questions alone.

    Returns:
        The run, that of the retriever itself where there is one alone, and how it was made.
    """
    if len(runs) == 1:
        return runs[0], {"name": "none", "retrievers": retrieval.retrievers}
    named = dict(zip(retrieval.retrievers, runs, strict=True))
    return fuse(named, fusion, examples, gold_passages, passage_groups, retrieval.top_k)


def train_reranker(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    hard_negatives: pd.DataFrame,
    tokenizer: Any,
    workspace: Any,
    encoder: EncoderParams,
    contrastive: ContrastiveParams,
    training: RetrieverTrainingParams,
    params: RerankParams,
) -> tuple[dict[str, float], pd.DataFrame, Any]:
    """Train a cross-encoder on gold passages against hard negatives.

    Returns:
        Metrics, history (one row per logged step), and the model with its tokenizer.
    """
    from klue_pipeline.odqa.reranking import training as reranker_training

    result = reranker_training.train_reranker(
        examples,
        passages,
        gold_passages,
        hard_negatives,
        tokenizer,
        reranker_training.RerankerSettings(encoder, contrastive, training, params),
        workspace,
    )
    return result.metrics, result.history, result.model


def rerank_run(
    fused_run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    params: RerankParams,
    reranker: Any = None,
) -> pd.DataFrame:
    """Let a cross-encoder order the best passages of every question anew."""
    from klue_pipeline.odqa.reranking import rerank

    return rerank.rerank(fused_run, examples, passages, params, reranker)


def take_run(fused_run: pd.DataFrame) -> pd.DataFrame:
    """Take the fused run as that of the experiment, where nothing orders it anew."""
    return fused_run


def select_test_run(run: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """Keep what was found for the test questions, to hand in or to read on."""
    wanted = examples.loc[examples["part"] == TEST, "question_id"]
    return run[run["question_id"].isin(wanted)].reset_index(drop=True)
