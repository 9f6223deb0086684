"""Which tiny_encoders a retriever loads, and what it refuses."""

import shutil

import pytest
import torch
from transformers import AutoModel

from klue_pipeline.odqa.dense.encoder import load_encoders
from klue_pipeline.training.params import EncoderParams


def encoder(folder, **changes):
    return EncoderParams(name=str(folder), **changes)


def test_one_encoder_is_loaded_once_and_two_are_two(encoder_folders, retriever_params, tmp_path):
    one = load_encoders(retriever_params(), encoder(encoder_folders["bert"], num_hidden_layers=1))
    assert one.question is one.passage
    assert len(one.passage.model.encoder.layer) == 1
    assert one.passage.model.pooler is None
    two = load_encoders(
        retriever_params(
            question_encoder=str(encoder_folders["bert"]),
            passage_encoder=str(encoder_folders["electra"]),
        ),
        encoder("scratch"),
    )
    assert (two.question.model.config.model_type, two.passage.model.config.model_type) == (
        "bert", "electra",
    )  # fmt: skip
    for name in ("q_encoder", "p_encoder"):
        shutil.copytree(encoder_folders["roberta"], tmp_path / name)
    trained = load_encoders(
        retriever_params(trained=True), encoder(encoder_folders["bert"]), tmp_path
    )
    assert trained.question is trained.passage
    assert trained.passage.model.config.model_type == "roberta"
    wanted = AutoModel.from_pretrained(encoder_folders["roberta"]).state_dict()
    found = trained.passage.model.state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in found)


def test_what_cannot_embed_is_refused(encoder_folders, retriever_params, tmp_path):
    with pytest.raises(ValueError, match=r"max_passage_tokens of the retriever is 512, but .* 128"):
        load_encoders(retriever_params(max_passage_tokens=512), encoder(encoder_folders["bert"]))
    with pytest.raises(ValueError, match="trained first"):
        load_encoders(retriever_params(trained=True), encoder(encoder_folders["bert"]))
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(encoder_folders["bert"] / name, bare)
    with pytest.raises(ValueError, match="holds no vocabulary"):
        load_encoders(retriever_params(), encoder(bare))
