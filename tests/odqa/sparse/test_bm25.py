"""BM25 against its formulas, against bm25s and against rank_bm25, and the index on disk."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from rank_bm25 import BM25Plus

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.sparse.bm25 import Bm25Index, fit_bm25
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages

K1, B, DELTA = 1.2, 0.6, 0.7
WORDS = ["가", "나", "다", "라", "마", "바", "사", "아", "자", "차"]


def params(variant, **changed):
    settings = {"k1": K1, "b": B, "delta": DELTA, "tokens": "whitespace", "title": False}
    return RetrieverParams(name="bm25", variant=variant, **(settings | changed))


@pytest.fixture(scope="module")
def texts():
    draw = np.random.default_rng(0)
    common = 1 / np.arange(1, len(WORDS) + 1)
    return [
        " ".join(draw.choice(WORDS, draw.integers(1, 30), p=common / common.sum()))
        for _ in range(60)
    ]


@pytest.fixture(scope="module")
def tokens(texts, tmp_path_factory):
    ids = [f"p{place}" for place in range(len(texts))]
    passages = pd.DataFrame({"passage_id": ids, "title": "하", "text": texts})
    return tokenise_passages(passages, "whitespace", tmp_path_factory.mktemp("tokens"))


def idf(variant, n, df):
    return {
        "robertson": max(0.0, math.log((n - df + 0.5) / (df + 0.5))),
        "lucene": math.log(1 + (n - df + 0.5) / (df + 0.5)),
        "atire": math.log(n / df),
        "bm25l": math.log((n + 1) / (df + 0.5)),
    }.get(variant, math.log((n + 1) / df))


def weight(variant, tf, scale):
    saturated = tf / (tf + K1 * scale)
    if variant == "bm25l":
        c = tf / scale + DELTA
        return (K1 + 1) * c / (K1 + c)
    if variant in ("robertson", "lucene"):
        return saturated
    return (K1 + 1) * saturated + (DELTA if variant == "bm25+" else 0)


def naive_scores(variant, texts, question):
    documents = [text.split() for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    frequency = Counter(word for document in documents for word in set(document))
    return [
        sum(
            idf(variant, len(texts), frequency[word])
            * weight(variant, document.count(word), 1 - B + B * len(document) / mean)
            for word in question
            if word in document
        )
        for document in documents
    ]


@pytest.mark.parametrize("variant", ["robertson", "lucene", "atire", "bm25l", "bm25+", "bm25p"])
def test_scores_are_those_of_the_formula(variant, texts, tokens):
    questions = [["가", "차", "차"], ["자", "없음"], ["없음"], []]
    index = fit_bm25(tokens, params(variant))
    for question, scores in zip(questions, index.score(questions), strict=True):
        np.testing.assert_allclose(scores, naive_scores(variant, texts, question), rtol=1e-5)


def test_delta_counts_where_a_token_occurs_and_nowhere_else(tokens):
    """What bm25s and rank_bm25 do with it changes no rank."""
    orders = []
    for delta in (0.0, 5.0):
        scores = next(fit_bm25(tokens, params("bm25+", delta=delta)).score([["가", "자", "차"]]))
        orders.append(np.argsort(-scores, kind="stable").tolist())
    assert orders[0] != orders[1]


def test_bm25p_ranks_as_the_contests_bm25plus(texts, tokens):
    index = fit_bm25(tokens, params("bm25p"))
    oracle = BM25Plus([text.split() for text in texts], k1=K1, b=B, delta=DELTA)
    questions = [["가", "차"], ["자", "사", "나"], ["하", "다"]]
    for question, scores in zip(questions, index.score(questions), strict=True):
        theirs = oracle.get_scores(question)
        np.testing.assert_allclose(scores - scores.mean(), theirs - theirs.mean(), atol=1e-5)


def test_the_title_counts_if_it_is_wanted(tokens):
    for title, wanted in ((False, 0), (True, 60)):
        scores = next(fit_bm25(tokens, params("lucene", title=title)).score([["하"]]))
        assert np.count_nonzero(scores) == wanted


def test_an_index_on_disk_is_the_same_and_stays_there(tokens, tmp_path):
    index = fit_bm25(tokens, params("bm25+"))
    index.save(tmp_path)
    opened = Bm25Index.load(tmp_path)
    assert isinstance(opened.weights.scores["data"].base, np.memmap)
    assert opened.header == index.header
    for one, other in zip(index.score([WORDS]), opened.score([WORDS]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not [path for path in tmp_path.iterdir() if path.suffix not in (".npy", ".json")]


def test_passages_without_a_token_are_refused(tmp_path):
    passages = pd.DataFrame({"passage_id": ["p"], "title": ["제목"], "text": ["?"]})
    tokens = tokenise_passages(passages, "character_bigram", tmp_path)
    with pytest.raises(ValueError, match="None of 1 passages has a token by character_bigram"):
        fit_bm25(tokens, params("bm25+"))
