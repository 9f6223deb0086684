"""Which encoders a retriever loads, and what it refuses."""

import shutil

import pytest
import torch
from transformers import AutoModel

from klue_pipeline.odqa.dense.encoder import choose_encoders, load_encoder
from klue_pipeline.training.params import EncoderParams


def test_a_retriever_embeds_with_what_was_trained_or_its_own_or_the_experiments(
    encoder_folders, retriever_params, tmp_path
):
    experiment = EncoderParams(name="klue/bert-base", revision="r", num_hidden_layers=2)
    names = choose_encoders(retriever_params(), experiment)
    assert (names.question, names.passage) == (experiment, experiment)
    own = choose_encoders(retriever_params(question_encoder="a", passage_encoder="b"), experiment)
    assert (own.question.name, own.passage.name) == ("a", "b")
    for name in ("q_encoder", "p_encoder"):
        shutil.copytree(encoder_folders["roberta"], tmp_path / name)
    shared = choose_encoders(retriever_params(trained=True), experiment, tmp_path)
    assert shared.question == shared.passage == EncoderParams(name=str(tmp_path / "p_encoder"))
    shutil.rmtree(tmp_path / "q_encoder")
    shutil.copytree(encoder_folders["bert"], tmp_path / "q_encoder")
    apart = choose_encoders(retriever_params(trained=True), experiment, tmp_path)
    assert apart.question.name == str(tmp_path / "q_encoder")
    with pytest.raises(ValueError, match="trained first"):
        choose_encoders(retriever_params(trained=True), experiment)


def test_an_encoder_is_loaded_with_its_own_weights(encoder_folder, retriever_params):
    loaded = load_encoder(EncoderParams(name=str(encoder_folder)), retriever_params())
    wanted = AutoModel.from_pretrained(encoder_folder).state_dict()
    found = loaded.model.state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in found)
    assert not any(name.startswith("pooler.") for name in found)
    assert not loaded.model.training


def test_what_cannot_embed_is_refused(encoder_folders, retriever_params, tmp_path):
    with pytest.raises(ValueError, match=r"max_passage_tokens is 512, but the encoder has 128"):
        load_encoder(
            EncoderParams(name=str(encoder_folders["bert"])),
            retriever_params(max_passage_tokens=512),
        )
    for name in ("config.json", "model.safetensors"):
        shutil.copy(encoder_folders["bert"] / name, tmp_path)
    with pytest.raises(ValueError, match="holds no vocabulary"):
        load_encoder(EncoderParams(name=str(tmp_path)), retriever_params())
