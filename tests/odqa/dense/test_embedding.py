"""Vectors of passages: against one text at a time, over shards, after a kill."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from klue_pipeline.odqa.dense import embedding
from klue_pipeline.odqa.dense.embedding import embed_passages, embed_questions, read_shard
from klue_pipeline.odqa.dense.encoder import load_encoder
from klue_pipeline.training.params import EncoderParams


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(embedding, "SHARD_PASSAGES", 3)


def in_table_order(embeddings):
    vectors = np.concatenate([read_shard(shard) for shard in embeddings.shards])
    restored = np.empty_like(vectors)
    restored[embeddings.places] = vectors
    return restored


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_a_vector_is_that_of_its_text_alone(
    tiny_passages, tiny_encoder, retriever_params, tmp_path, pooling, similarity
):
    params = retriever_params(pooling=pooling, similarity=similarity, passage_prefix="passage: ")
    found = embed_passages(tiny_passages, tiny_encoder, params, tmp_path)
    assert [read_shard(shard).shape for shard in found.shards] == [(3, 16)] * 3 + [(1, 16)]
    wanted = []
    for title, text in zip(tiny_passages["title"], tiny_passages["text"], strict=True):
        read = f"passage: {title}: {text}" if title else f"passage: {text}"
        encoded = tiny_encoder.tokenizer(
            read.replace("\\n", " "), truncation=True, max_length=48, return_tensors="pt"
        )
        with torch.no_grad():
            states = tiny_encoder.model(**encoded).last_hidden_state[0].numpy()
        vector = states.mean(axis=0) if pooling == "mean" else states[0]
        wanted.append(vector / np.linalg.norm(vector) if similarity == "cosine" else vector)
    assert in_table_order(found) == pytest.approx(np.stack(wanted), abs=2e-3)


def test_titles_are_read_only_by_a_retriever_with_title(
    tiny_passages, tiny_encoder, retriever_params, tmp_path
):
    other = tiny_passages.assign(title="서울")
    same, differing = (
        [
            in_table_order(
                embed_passages(table, tiny_encoder, retriever_params(title=title), tmp_path)
            )
            for table in (tiny_passages, other)
        ]
        for title in (False, True)
    )
    assert np.array_equal(*same)
    assert not np.array_equal(*differing)


class Killed(BaseException):
    """Not an Exception: nobody on the way handles it, as nobody handles a kill -9."""


def test_an_embedding_that_died_goes_on_to_the_same_bytes(
    tiny_passages, tiny_encoder, retriever_params, tmp_path, monkeypatch
):
    """In the middle of the third shard; tests/test_odqa_run.py kills a command."""
    arguments = (tiny_passages, tiny_encoder, retriever_params())
    write = np.save

    def die(file, *args, **kwargs):
        write(file, *args, **kwargs)
        if "00002" in file.name:
            raise Killed

    monkeypatch.setattr(np, "save", die)
    with pytest.raises(Killed):
        embed_passages(*arguments, tmp_path / "killed")
    monkeypatch.undo()
    left = sorted((tmp_path / "killed").glob("*/shard_*.npy"))
    assert [path.name for path in left] == ["shard_00000.npy", "shard_00001.npy"]
    written = [path.stat().st_mtime_ns for path in left]

    resumed = embed_passages(*arguments, tmp_path / "killed")
    unbroken = embed_passages(*arguments, tmp_path / "unbroken")
    assert [path.stat().st_mtime_ns for path in left] == written
    assert [shard.read_bytes() for shard in resumed.shards] == [
        shard.read_bytes() for shard in unbroken.shards
    ]


def test_shards_of_other_content_are_not_taken_for_ours(
    tiny_passages, tiny_encoder, encoder_folders, retriever_params, tmp_path
):
    other_encoder = load_encoder(
        EncoderParams(name=str(encoder_folders["electra"])), retriever_params()
    )
    calls = [
        (tiny_passages, tiny_encoder, retriever_params()),
        (
            tiny_passages,
            tiny_encoder,
            retriever_params(batch_size=3, max_question_tokens=16),
        ),
        (tiny_passages.assign(text="조선"), tiny_encoder, retriever_params()),
        (tiny_passages, tiny_encoder, retriever_params(pooling="cls")),
        (tiny_passages, tiny_encoder, retriever_params(passage_prefix="passage: ")),
        (tiny_passages, other_encoder, retriever_params()),
    ]
    found = [embed_passages(*call, tmp_path).fingerprint for call in calls]
    assert found[0] == found[1]
    assert len(set(found)) == 5
    assert {folder.name for folder in tmp_path.iterdir()} == set(found)


class Damaged(torch.nn.Module):
    """Returns NaN for texts of one length."""

    def __init__(self, model, value):
        super().__init__()
        self.model, self.value = model, value

    def forward(self, input_ids, attention_mask):
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        longest = attention_mask.sum(1) == 48
        output.last_hidden_state[longest] = self.value
        return output


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e5])
def test_a_vector_that_is_not_finite_is_refused_by_name(
    tiny_passages, tiny_encoder, retriever_params, tmp_path, value
):
    broken = replace(tiny_encoder, model=Damaged(tiny_encoder.model, value))
    params = retriever_params(similarity="dot")
    with pytest.raises(ValueError, match="vector of passage 'p5' is not finite"):
        embed_passages(tiny_passages, broken, params, tmp_path)


def test_a_question_whose_vector_is_not_finite_is_refused(
    tiny_questions, tiny_encoder, retriever_params
):
    broken = replace(tiny_encoder, model=Damaged(tiny_encoder.model, float("nan")))
    long = tiny_questions.assign(question="조선의 " * 100)
    with pytest.raises(ValueError, match="vector of question 'q0' is not finite"):
        embed_questions(long, broken, retriever_params(max_question_tokens=48))


def test_no_passage_is_refused(tiny_passages, tiny_encoder, retriever_params, tmp_path):
    with pytest.raises(ValueError, match="no passage to embed"):
        embed_passages(tiny_passages.iloc[:0], tiny_encoder, retriever_params(), tmp_path)
