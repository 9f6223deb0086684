"""Masked-language models keep the encoder they are built on, and predict masked tokens alone."""

import logging
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertConfig,
    ElectraConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams
from klue_pipeline.training.pretraining.masked_language_model import build_language_model

SIZES = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 16, "max_position_embeddings": 40,
}  # fmt: skip
CONFIGS = {
    "bert": BertConfig(**SIZES),
    "roberta": RobertaConfig(**SIZES, pad_token_id=1, type_vocab_size=1),
    "xlm_roberta": XLMRobertaConfig(**SIZES, pad_token_id=1, type_vocab_size=1),
    "electra": ElectraConfig(**SIZES, embedding_size=8),
}
BATCH = {
    "input_ids": torch.tensor([[2, 11, 4, 13, 3], [2, 4, 3, 0, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]),
}
PLACES = torch.tensor([2, 6])


def save_each(model_class, root):
    for number, (family, config) in enumerate(CONFIGS.items()):
        torch.manual_seed(number)
        model_class.from_config(config).save_pretrained(root / family)
    return root


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """Checkpoints without a head for masked-language modelling."""
    return save_each(AutoModel, tmp_path_factory.mktemp("encoders"))


@pytest.fixture(scope="module")
def language_models(tmp_path_factory):
    """Checkpoints with one, as klue/roberta."""
    return save_each(AutoModelForMaskedLM, tmp_path_factory.mktemp("language_models"))


@pytest.fixture(params=list(CONFIGS))
def family(request):
    return request.param


def build(folder, vocabulary_size=60, **settings):
    return build_language_model(EncoderParams(name=str(folder), **settings), vocabulary_size, 0)


def assert_same_weights(found, wanted):
    wanted = {name: value for name, value in wanted.items() if not name.startswith("pooler.")}
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        assert torch.equal(value, wanted[name]), name


def test_the_encoder_is_that_of_the_checkpoint_and_its_head_is_new(encoders, family, caplog):
    """Read by a class of another family it would start at random, without an error."""
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        model = build(encoders / family)
    assert_same_weights(
        model.encoder.state_dict(), AutoModel.from_pretrained(encoders / family).state_dict()
    )
    assert model.new_head
    assert "has no head for masked-language modelling; it gets a new one" in caplog.text


def test_a_checkpoint_with_a_head_keeps_both(language_models, family, caplog):
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        model = build(language_models / family)
    wanted = AutoModelForMaskedLM.from_pretrained(language_models / family)
    assert_same_weights(model.language_model.state_dict(), wanted.state_dict())
    assert not model.new_head
    assert "new one" not in caplog.text


def test_weights_of_another_architecture_are_refused(language_models, tmp_path):
    """A RoBERTa checkpoint under a BERT's name has none of a BERT's weights."""
    shutil.copytree(language_models / "roberta", tmp_path, dirs_exist_ok=True)
    CONFIGS["bert"].save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"lacks \d+ weights .*start at random"):
        build(tmp_path)


def test_a_single_missing_weight_of_the_encoder_is_refused(language_models, tmp_path):
    shutil.copytree(language_models / "bert", tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("bert.encoder.layer.1.output.dense.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks 1 weights .*encoder\.layer\.1\.output\.dense"):
        build(tmp_path)


def test_half_precision_loads_as_float32_and_only_the_first_layers(language_models, tmp_path):
    whole = AutoModelForMaskedLM.from_pretrained(language_models / "roberta", dtype=torch.float16)
    whole.save_pretrained(tmp_path)
    model = build(tmp_path, num_hidden_layers=1)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert len(model.encoder.encoder.layer) == 1


def test_logits_at_places_are_those_of_the_whole_batch(language_models, family):
    model = build(language_models / family).eval()
    whole = model.language_model(**BATCH).logits  # (batch, tokens, vocabulary)
    found = model(**BATCH, places=PLACES)
    torch.testing.assert_close(found, torch.stack([whole[0, 2], whole[1, 1]]))
    torch.testing.assert_close(model.language_model(**BATCH).logits, whole)


def test_its_state_goes_through_safetensors_and_back(language_models, family, tmp_path):
    """The head shares the embeddings' weight, and safetensors stores no weight twice."""
    model = build(language_models / family).eval()
    save_file(model.state_dict(), tmp_path / "state.safetensors")
    other = build(language_models / family).eval()
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(1.0)
    other.load_state_dict(load_file(tmp_path / "state.safetensors"))
    torch.testing.assert_close(other(**BATCH, places=PLACES), model(**BATCH, places=PLACES))
    incomplete = model.state_dict()
    shared = model.encoder.get_input_embeddings().weight.data_ptr()
    incomplete.pop(next(name for name in incomplete if incomplete[name].data_ptr() == shared))
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict(incomplete)


def test_more_tokens_than_embeddings_get_rows_in_encoder_and_head(language_models, family):
    model = build(language_models / family, vocabulary_size=64).eval()
    assert model.encoder.get_input_embeddings().num_embeddings == 64
    assert model(**BATCH, places=PLACES).shape == (2, 64)


def test_from_scratch():
    sizes = ScratchEncoderParams(
        vocabulary_size=200, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_positions=64,
    )  # fmt: skip
    model = build_language_model(EncoderParams(name="scratch", scratch=sizes), 77, 0)
    assert model.new_head
    assert model(**BATCH, places=PLACES).shape == (2, 77)
    assert not any("pooler" in name for name in model.encoder.state_dict())
