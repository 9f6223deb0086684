"""Passages in an Elasticsearch server, and questions to it, by the official client.

The server needs the plugin ``analysis-nori``, which takes Korean apart. Its address is a setting or
the variable ELASTICSEARCH_URL; without either nothing is connected to.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import pandas as pd

from klue_pipeline.odqa.passages.run_table import Found, make_run
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.tokens.tokenizers import plain
from klue_pipeline.passwords import without_passwords
from klue_pipeline.training.fingerprint import hash_table

logger = logging.getLogger(__name__)

ADDRESS_VARIABLE = "ELASTICSEARCH_URL"
_FIELD = "searched"
_QUESTIONS_PER_CALL = 50
_SECONDS_TO_WAIT = 60
_TRIES = 3

RANKINGS: dict[Literal["BM25", "DFR", "IB", "LM"], dict[str, Any]] = {
    "BM25": {"type": "BM25"},
    "DFR": {
        "type": "DFR", "basic_model": "g", "after_effect": "l",
        "normalization": "h2", "normalization.h2.c": "3.0",
    },
    "IB": {
        "type": "IB", "distribution": "ll", "lambda": "df",
        "normalization": "h2", "normalization.h2.c": "3.0",
    },
    "LM": {"type": "LMDirichlet", "mu": 2000},
}  # fmt: skip
"""Elasticsearch's similarities by their names in the settings; numbers are its manual's."""

_ANALYSIS = {
    "tokenizer": {"nori_mixed": {"type": "nori_tokenizer", "decompound_mode": "mixed"}},
    "analyzer": {
        "korean": {
            "type": "custom",
            "tokenizer": "nori_mixed",
            "filter": ["nori_part_of_speech", "nori_readingform", "nori_number", "lowercase"],
        }
    },
}
"""Compounds are kept whole and in parts; particles and endings go; Hanja is read as Hangul."""


def retrieve_by_elasticsearch(
    passages: pd.DataFrame, questions: pd.DataFrame, params: RetrieverParams, top_k: int
) -> pd.DataFrame:
    """Index the passages unless the server has just these, and search them for every question.

    Args:
        passages: With ``passage_id``, ``title`` and ``text``.
        questions: With ``question_id`` and ``question``.
        params: A retriever with the name ``elasticsearch``.
        top_k: Passages of a question at most.

    Returns:
        A run (:class:`~klue_pipeline.odqa.ingest.schema.Run`).

    Raises:
        ValueError: No address is given.
        ConnectionError: The server does not answer, or refuses what it is asked.
        ImportError: The client is not installed.
    """
    address = _address(params)
    body = _index_body(params)
    name = _index_name(passages, body, params)
    with _connected(address) as client:
        if not _holds(client, name, len(passages)):
            _index(client, name, body, passages, params)
        found = list(_search(client, name, questions["question"].tolist(), top_k))
    return make_run(questions["question_id"].tolist(), found, passages["passage_id"].tolist())


def _address(params: RetrieverParams) -> str:
    address = params.url or os.environ.get(ADDRESS_VARIABLE)
    if not address:
        raise ValueError(
            "No address of an Elasticsearch server is given: set url of the retriever, such as "
            f"http://localhost:9200, or the variable {ADDRESS_VARIABLE}."
        )
    return address


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Give out a client; its errors say which server, what failed and what to do."""
    try:
        import elasticsearch
        from elasticsearch.helpers import BulkIndexError
    except ImportError as error:
        raise ImportError(
            "A retriever called elasticsearch needs its client: pip install "
            "'klue_pipeline[elasticsearch]'."
        ) from error
    client = elasticsearch.Elasticsearch(
        address, request_timeout=_SECONDS_TO_WAIT, max_retries=_TRIES, retry_on_timeout=True
    )
    failures = (elasticsearch.ApiError, elasticsearch.TransportError, BulkIndexError)
    with client:
        try:
            yield client
        except failures as error:
            reason = without_passwords(str(error))
            remedy = "Look whether it runs and whether address and password are right."
            if "nori" in reason:
                remedy = "Install its plugin: bin/elasticsearch-plugin install analysis-nori."
            raise ConnectionError(
                f"The Elasticsearch server {without_passwords(address)} failed: {reason}. {remedy}"
            ) from error


def _index_body(params: RetrieverParams) -> dict[str, Any]:
    if params.ranking is None:
        raise ValueError(f"A retriever of Elasticsearch needs a ranking; found {params.name} only.")
    field = {"type": "text", "analyzer": "korean", "similarity": "chosen"}
    return {
        "settings": {
            "number_of_shards": 1,  # more would count a token's passages in each one apart
            "similarity": {"chosen": RANKINGS[params.ranking]},
            "analysis": _ANALYSIS,
        },
        "mappings": {"dynamic": "strict", "properties": {_FIELD: field}},
    }


def _index_name(passages: pd.DataFrame, body: dict[str, Any], params: RetrieverParams) -> str:
    """Name an index by all that it is made of, so that none is ever stale."""
    texts = hash_table(passages, ["title", "text"])
    made_of = json.dumps([texts, body, params.title], sort_keys=True)
    return f"klue_pipeline_{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


def _holds(client: Any, name: str, n_passages: int) -> bool:
    if not client.indices.exists(index=name):
        return False
    if client.count(index=name)["count"] == n_passages:
        return True
    logger.info("The index %s is not whole, as after a killed run; it is made again", name)
    client.indices.delete(index=name)
    return False


def _index(
    client: Any, name: str, body: dict[str, Any], passages: pd.DataFrame, params: RetrieverParams
) -> None:
    from elasticsearch.helpers import streaming_bulk

    client.indices.create(index=name, **body)
    documents = (
        {"_index": name, "_id": str(place), _FIELD: text}
        for place, text in enumerate(_searched_texts(passages, title=bool(params.title)))
    )
    for _ in streaming_bulk(client, documents, max_retries=_TRIES):
        pass  # it raises at the first passage that the server refuses
    client.indices.refresh(index=name)
    logger.info("Indexed %d passages as %s", len(passages), name)


def _searched_texts(passages: pd.DataFrame, *, title: bool) -> Iterator[str]:
    for heading, text in zip(passages["title"], passages["text"], strict=True):
        yield plain(f"{heading} {text}" if title else text)


def _search(client: Any, name: str, questions: list[str], top_k: int) -> Iterator[Found]:
    for start in range(0, len(questions), _QUESTIONS_PER_CALL):
        searches: list[dict[str, Any]] = []
        for question in questions[start : start + _QUESTIONS_PER_CALL]:
            query = {"match": {_FIELD: plain(question)}}
            searches += [{}, {"query": query, "size": top_k, "_source": False}]
        for response in client.msearch(index=name, searches=searches)["responses"]:
            yield _read_hits(response)


def _read_hits(response: dict[str, Any]) -> Found:
    """Return places and scores; equal scores by place, whichever the server saw first."""
    if "error" in response:
        raise ConnectionError(f"Elasticsearch could not search: {json.dumps(response['error'])}")
    hits = response["hits"]["hits"]
    places = np.array([int(hit["_id"]) for hit in hits], int)
    scores = np.array([hit["_score"] for hit in hits], float)
    order = np.lexsort((places, -scores))
    return places[order], scores[order]
