"""Indexes of every retriever in one kind of folder, and folders that are not whole."""

import pandas as pd
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.models.retrieval_index import RetrievalIndexDataset
from klue_pipeline.datasets.tables.passage_tokens import PassageTokensDataset
from klue_pipeline.odqa.inference.index_folders import METHOD_FILE
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.sparse.bm25 import fit_bm25
from klue_pipeline.odqa.sparse.search import search
from klue_pipeline.odqa.sparse.tfidf import fit_tfidf
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages

QUESTIONS = pd.DataFrame({"question_id": ["q"], "question": ["조선 무신"]})
BM25 = RetrieverParams(
    name="bm25", tokens="whitespace", title=True, variant="bm25+", k1=1.5, b=0.75, delta=0.5
)
TFIDF = RetrieverParams(name="tfidf", tokens="whitespace", title=True, max_ngram=2)


@pytest.fixture
def tokens(tmp_path):
    texts = {"text": ["조선의 무신", "조선 무신"], "passage_id": ["a", "b"], "title": ""}
    return tokenise_passages(pd.DataFrame(texts), "whitespace", tmp_path / "cache")


@pytest.mark.parametrize(("fit", "params"), [(fit_bm25, BM25), (fit_tfidf, TFIDF)])
def test_what_is_loaded_finds_what_was_saved(tokens, tmp_path, fit, params):
    dataset = RetrievalIndexDataset(filepath=str(tmp_path / "index"))
    assert not dataset.exists()
    index = fit(tokens, params)
    dataset.save(index)
    assert dataset.exists()
    found = [search(one, QUESTIONS, 5) for one in (index, dataset.load())]
    pd.testing.assert_frame_equal(*found)
    assert found[0]["passage_id"].tolist()[0] == "b"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (METHOD_FILE, None, "No whole index .*odqa_index"),
        (METHOD_FILE, b"magic", "index of 'magic', known are bm25, tfidf"),
        ("data.csc.index.npy", b"cut", "damaged"),
        ("header.json", b"{", "damaged"),
        ("params.index.json", None, "damaged"),
    ],
)
def test_folders_that_cannot_be_read(tokens, tmp_path, name, content, message):
    dataset = RetrievalIndexDataset(filepath=str(tmp_path / "index"))
    dataset.save(fit_bm25(tokens, BM25))
    path = tmp_path / "index" / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        dataset.load()


def test_tokens_are_kept_whole(tokens, tmp_path):
    dataset = PassageTokensDataset(filepath=str(tmp_path / "tokens"))
    with pytest.raises(DatasetError, match="No whole tokens"):
        dataset.load()
    dataset.save(tokens)
    assert dataset.load().origin == tokens.origin
    assert list(dataset.load().texts) == list(tokens.texts)
    dataset.save(dataset.load())  # in place of the files that it reads
    assert list(dataset.load().texts) == list(tokens.texts)
    (tmp_path / "tokens" / "texts.offsets.npy").write_bytes(b"cut")
    with pytest.raises(DatasetError, match="damaged"):
        dataset.load()
    with pytest.raises(DatasetError, match="takes PassageTokens; found str"):
        dataset.save("tokens")
