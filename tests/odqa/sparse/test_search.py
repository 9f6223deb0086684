"""Questions against an index: order, ties, few passages, questions that find nothing."""

import pandas as pd
import pytest

from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.sparse.bm25 import fit_bm25
from klue_pipeline.odqa.sparse.search import search
from klue_pipeline.odqa.sparse.tfidf import fit_tfidf
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages

BM25 = {"name": "bm25", "variant": "bm25+", "k1": 1.5, "b": 0.75, "delta": 0.5}
TFIDF = {"name": "tfidf", "max_ngram": 2}


def make_index(texts, folder, settings, tokens="whitespace", tokenizer=None):
    ids = [f"p{place}" for place in range(len(texts))]
    passages = pd.DataFrame({"passage_id": ids, "title": "", "text": texts})
    params = RetrieverParams(**settings, title=True, tokens=tokens)
    fit = {"bm25": fit_bm25, "tfidf": fit_tfidf}[params.name]
    return fit(tokenise_passages(passages, tokens, folder, tokenizer), params)


def ask(*questions):
    ids = [f"q{place}" for place in range(len(questions))]
    return pd.DataFrame({"question_id": ids, "question": list(questions)})


@pytest.mark.parametrize("settings", [BM25, TFIDF])
def test_found_passages_come_best_first_and_equal_ones_in_their_order(tmp_path, settings):
    texts = ["무신 조선", "왕", "조선 무신 왕", "무신 조선", "고려"]
    run = Run.validate(search(make_index(texts, tmp_path, settings), ask("조선", "백제", "왕"), 2))
    assert run[["question_id", "passage_id", "rank"]].to_numpy().tolist() == [
        ["q0", "p0", 1], ["q0", "p3", 2], ["q2", "p1", 1], ["q2", "p2", 2],
    ]  # fmt: skip
    assert run["score"].gt(0).all()


@pytest.mark.parametrize("settings", [BM25, TFIDF])
def test_one_passage_and_more_wanted_than_there_are(tmp_path, settings):
    run = search(make_index(["조선 무신"], tmp_path, settings), ask("조선", "왕"), 1000)
    assert run["passage_id"].tolist() == ["p0"]


def test_no_question_finds_anything(tmp_path):
    run = search(make_index(["조선"], tmp_path, BM25), ask("왕"), 3)
    assert Run.validate(run).empty


def test_wordpieces_of_another_encoder_are_refused(
    tmp_path, wordpiece_tokenizer, xlm_roberta_tokenizer
):
    texts = ["이순신은 조선의 무신이다.", "세종은 왕이다."]
    index = make_index(texts, tmp_path, BM25, "wordpiece", wordpiece_tokenizer)
    assert search(index, ask("이순신은"), 1, wordpiece_tokenizer)["passage_id"].tolist() == ["p0"]
    with pytest.raises(ValueError, match="another encoder's tokenizer"):
        search(index, ask("이순신은"), 1, xlm_roberta_tokenizer)
