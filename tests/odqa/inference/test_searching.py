"""A search with an encoder's tokens and a cross-encoder, which travel with the answerer.

That fused runs of bigrams, words and vectors are those of the run: see test_answerer.py.
"""

import dataclasses
import shutil

import pandas as pd
import pytest
import torch
from tiny_answerers import BIGRAMS, TOP_K

from klue_pipeline.odqa.dense.encoder import Placement
from klue_pipeline.odqa.inference.answerer_export import ExportedAnswerer
from klue_pipeline.odqa.inference.answerer_folder import SearchSettings
from klue_pipeline.odqa.inference.searching import open_searcher
from klue_pipeline.odqa.reranking.rerank import rerank
from klue_pipeline.odqa.settings.retriever_params import (
    FusionParams,
    RerankParams,
    RetrieverParams,
)
from klue_pipeline.odqa.sparse.bm25 import fit_bm25
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages

RERANK = RerankParams(name="cross_encoder", model="trained", top_n=4, max_tokens=64, batch_size=3)
SETTINGS = SearchSettings(
    retrievers=("pieces",),
    top_k=TOP_K,
    fusion=FusionParams(name="reciprocal_rank", rank_constant=60),
    rerank=RERANK,
)


@pytest.fixture(scope="module")
def cross_encoder(encoder_folders, tmp_path_factory):
    """The folder of a tiny cross-encoder."""
    from transformers import AutoModelForSequenceClassification, BertConfig

    folder = tmp_path_factory.mktemp("cross_encoder")
    shutil.copytree(encoder_folders["bert"], folder, dirs_exist_ok=True)
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(folder, num_labels=1)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def test_passages_are_found_and_ordered_anew_as_by_the_run(
    tiny_answerer, tiny_passages, tiny_questions, wordpiece_tokenizer, cross_encoder, tmp_path
):
    params = RetrieverParams(**{**BIGRAMS, "tokens": "wordpiece"})
    tokens = tokenise_passages(tiny_passages, "wordpiece", tmp_path / "cache", wordpiece_tokenizer)
    index = fit_bm25(tokens, params)
    folder = tmp_path / "exported"
    folder.mkdir()
    settings = tiny_answerer.describe().model_copy(update={"search": SETTINGS})
    ExportedAnswerer(
        tiny_answerer.checkpoints, settings, tiny_passages, "# 카드", {"pieces": index},
        wordpiece_tokenizer, cross_encoder,
    ).save_pretrained(folder)  # fmt: skip
    asked = tiny_questions.assign(question=tiny_questions["question"] + " 조선의 이끌었다")
    found = index.search(asked, TOP_K, wordpiece_tokenizer)
    wanted = rerank(found, asked, tiny_passages, RERANK, cross_encoder)
    by_id = tiny_passages.set_index("passage_id")
    searcher = open_searcher(folder, SETTINGS, by_id, Placement("cpu", "fp32"))
    run = searcher.search(asked)
    assert run["passage_id"].tolist() != found["passage_id"].tolist()
    pd.testing.assert_frame_equal(run, wanted, rtol=1e-4)
    nobody = tiny_questions.head(1).assign(question="😀😀")
    assert searcher.search(nobody).empty


def test_runs_that_found_nothing_are_fused_to_nothing(tiny_answerer, tiny_questions):
    from klue_pipeline.odqa.inference.searching import Searcher

    indexes = {name: tiny_answerer.indexes[name] for name in ("bm25", "words")}
    searcher = Searcher(tiny_answerer.describe().search, indexes, tiny_answerer.passages)
    nobody = tiny_questions.head(2).assign(question=["zzz", "qqq"])
    assert searcher.search(nobody).empty
    mixed = pd.concat([nobody.head(1), tiny_questions.tail(1)])
    weights = {"bm25": 0.6, "words": 0.4}
    fusion = FusionParams(name="weighted", normalise="min_max", weights=weights)
    fused = dataclasses.replace(searcher, settings=SETTINGS.model_copy(update={"fusion": fusion}))
    assert set(fused.search(mixed)["question_id"]) == {"q9"}
