"""Exact search among vectors, against a full sort, over blocks."""

import numpy as np
import pytest
import torch

from klue_pipeline.odqa.dense import search
from klue_pipeline.odqa.dense.embedding import Embeddings
from klue_pipeline.odqa.dense.faiss_index import build_faiss, search_faiss, share_found
from klue_pipeline.odqa.dense.search import search_exactly

CPU = torch.device("cpu")


def stored(vectors, folder, shard=7, seed=0):
    """Store vectors in shards of mixed order."""
    places = np.random.default_rng(seed).permutation(len(vectors))
    shards = []
    for number, part in enumerate(np.split(places, range(shard, len(places), shard))):
        shards.append(folder / f"{number}.npy")
        np.save(shards[-1], vectors[part].astype(np.float16))
    ids = np.array([f"p{number}" for number in range(len(vectors))], dtype=object)
    return Embeddings(tuple(shards), places, ids, "f")


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
    scores, places = search_exactly(stored(vectors, tmp_path), questions, top_k, CPU)
    products = questions @ vectors.T
    wanted = np.argsort(-products, axis=1, kind="stable")[:, :top_k]
    assert np.array_equal(places, wanted)
    assert np.array_equal(scores, np.take_along_axis(products, wanted, 1))


def test_scores_keep_every_bit_of_float32(tmp_path):
    generator = np.random.default_rng(2)
    vectors = generator.normal(size=(40, 8)).astype(np.float16)
    questions = generator.normal(size=(6, 8)).astype(np.float32)
    scores, places = search_exactly(stored(vectors, tmp_path, shard=40), questions, 40, CPU)
    products = torch.from_numpy(questions) @ torch.from_numpy(vectors.astype(np.float32)).T
    assert np.array_equal(np.sort(products.numpy(), axis=1)[:, ::-1], scores)
    assert (np.sort(places, axis=1) == np.arange(40)).all()


def test_faiss_reports_what_it_misses(tmp_path):
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(4000, 16)).astype(np.float32)
    embeddings = stored(vectors, tmp_path, shard=512)
    questions = generator.normal(size=(50, 16)).astype(np.float32)
    wanted_scores, wanted = search_exactly(embeddings, questions, 10, CPU)
    scores, places = search_faiss(build_faiss(embeddings), questions, 10)
    recall = share_found(places, wanted)
    assert 0.3 < recall < 1
    exact = questions @ vectors.T
    assert scores == pytest.approx(np.take_along_axis(exact, places, 1), abs=2e-2)
    assert np.take_along_axis(exact, wanted, 1) == pytest.approx(wanted_scores, abs=2e-2)


def test_faiss_looks_through_all_lists_where_they_are_few(tmp_path):
    generator = np.random.default_rng(4)
    embeddings = stored(generator.normal(size=(600, 16)).astype(np.float32), tmp_path, shard=600)
    questions = generator.normal(size=(20, 16)).astype(np.float32)
    _, wanted = search_exactly(embeddings, questions, 10, CPU)
    _, places = search_faiss(build_faiss(embeddings), questions, 10)
    assert share_found(places, wanted) == 1
