"""Search among vectors: against a full sort, over blocks, saved and loaded, with faiss."""

import numpy as np
import pandas as pd
import pytest
import torch

from klue_pipeline.odqa.dense import search
from klue_pipeline.odqa.dense.embedding import Embeddings, embed_passages
from klue_pipeline.odqa.dense.index import DenseIndex, build_index
from klue_pipeline.odqa.dense.search import search_dense, search_exactly, search_faiss, share_found
from klue_pipeline.odqa.ingest.schema import Run

CPU = torch.device("cpu")


def index_of(vectors, folder, shard=7, seed=0):
    """Store vectors in shards of mixed order."""
    places = np.random.default_rng(seed).permutation(len(vectors))
    shards = []
    for number, part in enumerate(np.split(places, range(shard, len(places), shard))):
        shards.append(folder / f"{number}.npy")
        np.save(shards[-1], vectors[part].astype(np.float16))
    ids = np.array([f"p{number}" for number in range(len(vectors))], dtype=object)
    return DenseIndex(Embeddings(tuple(shards), places, ids, "f"))


@pytest.mark.parametrize(("top_k", "block"), [(5, 1), (5, 8192), (60, 20)])
def test_exact_search_is_a_full_sort_with_ties_in_the_order_of_the_table(
    tmp_path, monkeypatch, top_k, block
):
    monkeypatch.setattr(search, "_VECTORS_AT_A_TIME", block)
    monkeypatch.setattr(search, "_QUESTIONS_AT_A_TIME", 4)
    generator = np.random.default_rng(1)
    # Whole numbers make ties, zeros and negative scores, all of them exact.
    vectors = generator.integers(-2, 3, (50, 3)).astype(np.float32)
    questions = generator.integers(-2, 3, (9, 3)).astype(np.float32)
    scores, places = search_exactly(index_of(vectors, tmp_path), questions, top_k, CPU)
    products = questions @ vectors.T
    wanted = np.argsort(-products, axis=1, kind="stable")[:, :top_k]
    assert np.array_equal(places, wanted)
    assert np.array_equal(scores, np.take_along_axis(products, wanted, 1))


def test_scores_keep_every_bit_of_float32(tmp_path):
    generator = np.random.default_rng(2)
    vectors = generator.normal(size=(40, 8)).astype(np.float16)
    questions = generator.normal(size=(6, 8)).astype(np.float32)
    scores, places = search_exactly(index_of(vectors, tmp_path, shard=40), questions, 40, CPU)
    products = torch.from_numpy(questions) @ torch.from_numpy(vectors.astype(np.float32)).T
    assert np.array_equal(np.sort(products.numpy(), axis=1)[:, ::-1], scores)
    assert (np.sort(places, axis=1) == np.arange(40)).all()


@pytest.mark.parametrize("kind", ["exact", "faiss"])
def test_an_index_finds_the_same_after_it_was_saved_and_loaded(
    tiny_passages, tiny_questions, tiny_encoders, retriever_params, tmp_path, kind
):
    params = retriever_params(index=kind)
    index = build_index(
        embed_passages(tiny_passages, tiny_encoders.passage, params, tmp_path / "c"), params
    )
    (tmp_path / "index").mkdir()
    index.save(tmp_path / "index")
    runs = [
        search_dense(found, tiny_questions, tiny_encoders.question, params, 20)
        for found in (index, DenseIndex.load(tmp_path / "index"))
    ]
    pd.testing.assert_frame_equal(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    run = Run.validate(runs[0][0])
    assert run["rank"].tolist() == list(range(1, 11)) * 10  # all ten passages, best first
    assert run.groupby("question_id")["score"].apply(lambda s: s.is_monotonic_decreasing).all()
    assert run["question_id"].drop_duplicates().tolist() == tiny_questions["question_id"].tolist()


def test_a_passage_finds_itself(tiny_passages, tiny_encoders, retriever_params, tmp_path):
    params = retriever_params(title=False, max_question_tokens=48)
    index = build_index(
        embed_passages(tiny_passages, tiny_encoders.passage, params, tmp_path), params
    )
    same = pd.DataFrame(
        {"question_id": tiny_passages["passage_id"], "question": tiny_passages["text"]}
    )
    run, report = search_dense(index, same, tiny_encoders.question, params, 1)
    assert run["passage_id"].tolist() == tiny_passages["passage_id"].tolist()
    assert run["score"].to_numpy() == pytest.approx(1, abs=1e-3)
    assert report == {"index": "exact"}


def test_faiss_reports_what_it_misses(tmp_path):
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(4000, 16)).astype(np.float32)
    exact = index_of(vectors, tmp_path, shard=512)
    params = type("Params", (), {"index": "faiss"})
    faiss = build_index(exact.embeddings, params)
    questions = generator.normal(size=(50, 16)).astype(np.float32)
    wanted_scores, wanted = search_exactly(exact, questions, 10, CPU)
    scores, places = search_faiss(faiss, questions, 10)
    recall = share_found(places, wanted)
    assert 0.3 < recall < 1
    everywhere = {
        (q, p): s for q in range(50) for p, s in zip(wanted[q], wanted_scores[q], strict=True)
    }
    shared = [(q, p, s) for q in range(50) for p, s in zip(places[q], scores[q], strict=True)]
    shared = [(everywhere[q, p], s) for q, p, s in shared if (q, p) in everywhere]
    assert len(shared) == round(recall * 500)
    assert all(one == pytest.approx(other, abs=2e-2) for one, other in shared)


def test_an_encoder_of_another_width_is_refused(
    tiny_questions, tiny_encoders, retriever_params, tmp_path
):
    index = index_of(np.ones((3, 5), np.float32), tmp_path)
    with pytest.raises(ValueError, match=r"vectors of 5 numbers, .* vectors of 16"):
        search_dense(index, tiny_questions, tiny_encoders.question, retriever_params(), 5)


def test_no_question_has_an_empty_run(tiny_questions, tiny_encoders, retriever_params, tmp_path):
    index = index_of(np.ones((3, 16), np.float32), tmp_path)
    run, _ = search_dense(
        index, tiny_questions.iloc[:0], tiny_encoders.question, retriever_params(), 5
    )
    assert Run.validate(run).empty
