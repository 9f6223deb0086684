"""The index of a dense retriever: made, saved, loaded, searched, and refused."""

import shutil

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.dense.index import DenseIndex, build_dense_index
from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.training.params import EncoderParams


@pytest.fixture
def build(tiny_passages, encoder_folders, retriever_params, tmp_path):
    """Build an index of the tiny BERT."""
    encoder = EncoderParams(name=str(encoder_folders["bert"]))

    def build(passages=tiny_passages, encoder=encoder, **changes):
        return build_dense_index(passages, retriever_params(**changes), encoder, tmp_path / "cache")

    return build


@pytest.mark.parametrize("kind", ["exact", "faiss"])
def test_an_index_finds_the_same_after_it_was_saved_and_loaded(
    build, tiny_questions, tmp_path, kind
):
    index = build(index=kind)
    (tmp_path / "index").mkdir()
    index.save(tmp_path / "index")
    shutil.rmtree(tmp_path / "cache")
    loaded = DenseIndex.load(tmp_path / "index")
    (tmp_path / "again").mkdir()
    loaded.save(tmp_path / "again")
    run = Run.validate(loaded.search(tiny_questions, 20))
    pd.testing.assert_frame_equal(
        run, DenseIndex.load(tmp_path / "again").search(tiny_questions, 20)
    )
    assert run["rank"].tolist() == list(range(1, 11)) * 10  # all ten passages, best first
    assert run.groupby("question_id")["score"].apply(lambda s: s.is_monotonic_decreasing).all()
    assert run["question_id"].drop_duplicates().tolist() == tiny_questions["question_id"].tolist()
    told = {"recall_against_exact": 1.0, "compared_questions": 10} if kind == "faiss" else {}
    assert loaded.report == {"index": kind, **told}
    assert loaded.n_bytes > 10 * 16 * 2


def test_a_passage_finds_itself(build, tiny_passages):
    index = build(title=False, max_question_tokens=48)
    same = pd.DataFrame(
        {"question_id": tiny_passages["passage_id"], "question": tiny_passages["text"]}
    )
    run = index.search(same, 1)
    assert run["passage_id"].tolist() == tiny_passages["passage_id"].tolist()
    assert run["score"].to_numpy() == pytest.approx(np.ones(10), abs=2e-3)


def test_an_encoder_that_was_changed_since_is_refused(
    build, tiny_questions, encoder_folders, tmp_path
):
    shutil.copytree(encoder_folders["bert"], tmp_path / "encoder")
    index = build(encoder=EncoderParams(name=str(tmp_path / "encoder")))
    shutil.rmtree(tmp_path / "encoder")
    shutil.copytree(encoder_folders["electra"], tmp_path / "encoder")
    with pytest.raises(ValueError, match=r"made with another encoder .* Make the index anew"):
        index.search(tiny_questions, 5)


def test_one_passage_and_no_question(build, tiny_passages, tiny_questions):
    index = build(passages=tiny_passages.iloc[:1])
    assert index.search(tiny_questions, 100)["passage_id"].tolist() == ["p0"] * 10
    assert Run.validate(index.search(tiny_questions.iloc[:0], 100)).empty
