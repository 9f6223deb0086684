"""TF-IDF against scikit-learn's own vectoriser over the same tokens."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.sparse.tfidf import TfidfIndex, fit_tfidf
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages

WORDS = ["가", "나", "다", "라", "마", "바", "사"]
QUESTIONS = ["가 나 다", "나 없음 다", "없음", "", "하 가", "가 나 다 라 가 나"]


@pytest.fixture(scope="module")
def texts():
    draw = np.random.default_rng(1)
    return ["", *(" ".join(draw.choice(WORDS, draw.integers(0, 12))) for _ in range(40))]


@pytest.fixture(scope="module")
def tokens(texts, tmp_path_factory):
    ids = [f"p{place}" for place in range(len(texts))]
    passages = pd.DataFrame({"passage_id": ids, "title": "하", "text": texts})
    return tokenise_passages(passages, "whitespace", tmp_path_factory.mktemp("tokens"))


def params(max_ngram, max_features=None, *, title=True):
    return RetrieverParams(
        name="tfidf", tokens="whitespace", title=title, max_ngram=max_ngram,
        max_features=max_features,
    )  # fmt: skip


def scores_of(index):
    return np.array(list(index.score(question.split() for question in QUESTIONS)))


@pytest.mark.parametrize("max_ngram", [1, 2, 3])
@pytest.mark.parametrize("title", [True, False])
def test_scores_are_those_of_scikit_learn(texts, tokens, max_ngram, title):
    index = fit_tfidf(tokens, params(max_ngram, title=title))
    oracle = TfidfVectorizer(ngram_range=(1, max_ngram), tokenizer=str.split, token_pattern=None)
    theirs = oracle.fit_transform([f"하 {text}" if title else text for text in texts])
    wanted = (oracle.transform(QUESTIONS) @ theirs.T).toarray()
    np.testing.assert_allclose(scores_of(index), wanted, atol=1e-6)
    assert len(index.kept) == len(oracle.vocabulary_)


def test_the_most_frequent_features_stay(tokens):
    whole, cut = fit_tfidf(tokens, params(2)), fit_tfidf(tokens, params(2, 3))
    assert len(cut.kept) == 3
    assert set(cut.kept) < set(whole.kept)
    assert np.argmin(whole.idf) in cut.kept  # the title, which every passage has


def test_an_index_on_disk_is_the_same_and_stays_there(tokens, tmp_path):
    index = fit_tfidf(tokens, params(3, 20))
    index.save(tmp_path)
    opened = TfidfIndex.load(tmp_path)
    np.testing.assert_array_equal(scores_of(opened), scores_of(index))
    assert isinstance(opened.ngrams.longer[0], np.memmap)
    assert not [path for path in tmp_path.iterdir() if path.suffix not in (".npy", ".json")]
