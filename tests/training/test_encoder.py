"""Encoders: from scratch or from a folder, one code path after that."""

import json
import logging
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    ElectraConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from klue_pipeline.training.encoder import (
    build_encoder,
    encoder_from_config,
    has_segments,
    max_positions,
    require_room,
)
from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams

SIZES = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 40,
}
CONFIGS = {
    "bert": BertConfig(**SIZES),
    # klue/roberta: positions shifted by the padding id, one segment type
    "roberta": RobertaConfig(**SIZES, pad_token_id=1, type_vocab_size=1),
    "xlm_roberta": XLMRobertaConfig(**SIZES, pad_token_id=1, type_vocab_size=1),
    "electra": ElectraConfig(**SIZES, embedding_size=8),
}
SCRATCH = ScratchEncoderParams(
    vocabulary_size=200,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=8,
    max_positions=64,
)
IDS = torch.tensor([[2, 11, 12, 13, 3]])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One saved encoder per family, with whatever its class stores, a pooler included."""
    root = tmp_path_factory.mktemp("encoders")
    for number, (family, config) in enumerate(CONFIGS.items()):
        torch.manual_seed(number)
        AutoModel.from_config(config).save_pretrained(root / family)
    return root


@pytest.fixture(params=list(CONFIGS))
def folder(request, folders):
    return folders / request.param


def load(folder, vocabulary_size=60, describing_ids=None, **settings):
    params = EncoderParams(name=str(folder), **settings)
    return build_encoder(params, vocabulary_size, 0, describing_ids).eval()


def test_weights_are_those_of_the_folder_in_float32(folder):
    encoder = load(folder)
    reference = AutoModel.from_pretrained(folder).eval()
    found, wanted = encoder(IDS).last_hidden_state, reference(IDS).last_hidden_state
    torch.testing.assert_close(found, wanted)
    assert {weight.dtype for weight in encoder.parameters()} == {torch.float32}


def test_half_precision_weights_load_as_float32(folders, tmp_path):
    AutoModel.from_pretrained(folders / "bert", dtype=torch.float16).save_pretrained(tmp_path)
    encoder = load(tmp_path)
    assert {weight.dtype for weight in encoder.parameters()} == {torch.float32}
    rebuilt = encoder_from_config(encoder.config)
    assert {weight.dtype for weight in rebuilt.parameters()} == {torch.float32}


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm_roberta"])
def test_no_pooler_weights_are_kept(folders, family):
    assert any("pooler" in name for name in AutoModel.from_config(CONFIGS[family]).state_dict())
    for encoder in (load(folders / family), encoder_from_config(CONFIGS[family])):
        assert not any("pooler" in name for name in encoder.state_dict())


def test_an_encoder_rebuilt_from_its_configuration_takes_the_weights(folder, tmp_path):
    encoder = load(folder, vocabulary_size=67, num_hidden_layers=2)
    encoder.config.save_pretrained(tmp_path)
    rebuilt = encoder_from_config(AutoConfig.from_pretrained(tmp_path))
    rebuilt.load_state_dict(encoder.state_dict())
    ids = torch.tensor([[2, 66, 12, 60, 3]])
    assert torch.equal(rebuilt.eval()(ids).last_hidden_state, encoder(ids).last_hidden_state)


def test_new_tokens_get_embeddings_and_old_ones_keep_theirs(folder):
    before, after = load(folder), load(folder, vocabulary_size=67)
    weights = after.get_input_embeddings().weight
    assert weights.shape[0] == 67
    assert after.config.vocab_size == 67
    assert torch.equal(weights[:60], before.get_input_embeddings().weight)
    assert torch.isfinite(after(torch.tensor([[66, 60]])).last_hidden_state).all()


DESCRIBING_IDS = {62: [11, 12, 13], 64: [20]}


def embeddings_of(encoder):
    return encoder.get_input_embeddings().weight.detach()


def test_described_tokens_start_at_the_mean_of_their_pieces(folder):
    before = embeddings_of(load(folder))
    after = embeddings_of(load(folder, vocabulary_size=67, describing_ids=DESCRIBING_IDS))
    torch.testing.assert_close(after[62], (before[11] + before[12] + before[13]) / 3)
    assert torch.equal(after[64], before[20])
    assert torch.equal(after[:60], before)


def test_new_tokens_that_nothing_describes_start_as_without_descriptions(folder):
    torch.manual_seed(0)
    without = embeddings_of(load(folder, vocabulary_size=67))
    torch.manual_seed(0)
    described = embeddings_of(load(folder, vocabulary_size=67, describing_ids=DESCRIBING_IDS))
    kept = [row for row in range(67) if row not in DESCRIBING_IDS]
    assert torch.equal(described[kept], without[kept])
    assert not torch.equal(described[62], without[62])


def test_described_tokens_may_take_spare_embeddings(folder):
    """An encoder with more embeddings than its tokenizer has tokens is not resized."""
    before = embeddings_of(load(folder))
    after = embeddings_of(load(folder, vocabulary_size=50, describing_ids={49: [11, 12]}))
    assert after.shape == before.shape
    torch.testing.assert_close(after[49], (before[11] + before[12]) / 2)
    kept = [row for row in range(60) if row != 49]
    assert torch.equal(after[kept], before[kept])


def test_described_tokens_learn_like_all_others(folder):
    encoder = load(folder, vocabulary_size=67, describing_ids=DESCRIBING_IDS)
    encoder(torch.tensor([[2, 62, 11, 64, 3]])).last_hidden_state.square().sum().backward()
    taught = encoder.get_input_embeddings().weight.grad.abs().sum(dim=1).nonzero().flatten()
    assert taught.tolist() == [2, 3, 11, 62, 64]


def test_an_encoder_from_scratch_has_nothing_to_describe_with():
    params = EncoderParams(name="scratch", scratch=SCRATCH)
    torch.manual_seed(0)
    without = embeddings_of(build_encoder(params, 77, 0))
    torch.manual_seed(0)
    assert torch.equal(embeddings_of(build_encoder(params, 77, 0, {70: [11, 12]})), without)


@pytest.mark.parametrize(
    ("describing_ids", "message"),
    [
        ({62: []}, r"tokens \[62\] are described by no piece"),
        ({70: [11]}, r"has 67 embeddings, but describing_ids names the tokens \[70\]"),
        ({62: [11, 99]}, r"names the tokens \[99\]; pass the tokenizer's length"),
        ({-1: [11]}, r"names the tokens \[-1\]"),
    ],
)
def test_descriptions_that_cannot_be(folders, describing_ids, message):
    with pytest.raises(ValueError, match=message):
        load(folders / "bert", vocabulary_size=67, describing_ids=describing_ids)


def test_a_smaller_tokenizer_takes_no_embeddings_away(folder):
    """Many models have more embeddings than tokens, for the sake of round numbers."""
    assert load(folder, vocabulary_size=50).get_input_embeddings().num_embeddings == 60


def test_only_the_first_layers_are_kept(folder, caplog):
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        encoder = load(folder, num_hidden_layers=2)
    whole = AutoModel.from_pretrained(folder).eval()
    assert len(encoder.encoder.layer) == encoder.config.num_hidden_layers == 2
    wanted = whole(IDS, output_hidden_states=True).hidden_states[2]
    torch.testing.assert_close(encoder(IDS).last_hidden_state, wanted)
    assert f"Keeping 2 of 3 layers of {folder}" in caplog.text


def test_dropout_of_the_encoder_is_set_or_its_own(folder):
    own, none, half = load(folder), load(folder, dropout=0.0), load(folder, dropout=0.5)

    def spread(encoder):
        encoder.train()
        first, second = (encoder(IDS).last_hidden_state for _ in range(2))
        return float((first - second).detach().abs().mean())

    assert spread(none) == 0
    assert 0 < spread(own) < spread(half)


def test_more_layers_than_there_are(folders):
    with pytest.raises(ValueError, match=r"num_hidden_layers is 4, but .* has only 3 layers"):
        load(folders / "bert", num_hidden_layers=4)


def test_a_missing_folder_says_what_to_give(tmp_path):
    with pytest.raises(ValueError, match=r"'.*/nothing' could not be loaded: .*encoder\.name") as e:
        load(tmp_path / "nothing")
    assert "\n" not in str(e.value)


def _empty(folder):
    pass


def _no_weights(folder):
    CONFIGS["bert"].save_pretrained(folder)


def _no_config(folder):
    (folder / "model.safetensors").write_bytes(b"")


def _broken_weights(folder):
    _no_weights(folder)
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def _broken_config(folder):
    (folder / "config.json").write_text('{"model_type": "bert", ')


def _unknown_architecture(folder):
    (folder / "config.json").write_text('{"model_type": "not-a-model"}')


@pytest.mark.parametrize(
    "fill",
    [_empty, _no_weights, _no_config, _broken_weights, _broken_config, _unknown_architecture],
)
def test_a_folder_that_is_no_encoder_is_one_clear_error(tmp_path, fill):
    fill(tmp_path)
    with pytest.raises(ValueError, match="could not be loaded") as raised:
        load(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert "config.json and model.safetensors" in str(raised.value)


def test_weights_of_another_architecture_are_refused(folders, tmp_path):
    """Transformers would fill the encoder with random numbers and go on."""
    shutil.copytree(folders / "bert", tmp_path, dirs_exist_ok=True)
    weights = load_file(folders / "bert" / "model.safetensors")
    renamed = {f"encoder.{name}": value for name, value in weights.items()}  # as our own folders
    save_file(renamed, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks \d+ weights .*embeddings\..*start at random"):
        load(tmp_path)


@pytest.mark.parametrize("parts", [("model",), ("model-1", "model-2")])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(folders, tmp_path, parts, value):
    shutil.copytree(folders / "bert", tmp_path, dirs_exist_ok=True)
    tensors = load_file(tmp_path / "model.safetensors")
    broken = "encoder.layer.1.output.dense.weight"
    tensors[broken].view(-1)[0] = value
    (tmp_path / "model.safetensors").unlink()
    place = {name: parts[-1 if name == broken else 0] for name in tensors}
    for part in parts:
        content = {name: weights for name, weights in tensors.items() if place[name] == part}
        save_file(content, tmp_path / f"{part}.safetensors", metadata={"format": "pt"})
    if len(parts) > 1:
        names = {name: f"{part}.safetensors" for name, part in place.items()}
        index = {"metadata": {}, "weight_map": names}
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    message = rf"its {parts[-1]}\.safetensors has weights .* first in {broken};"
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_a_checkpoint_without_a_pooler_is_whole(folders, tmp_path):
    """KLUE's own checkpoints have none."""
    shutil.copytree(folders / "bert", tmp_path, dirs_exist_ok=True)
    weights = load_file(folders / "bert" / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "pooler" not in name}
    assert len(kept) < len(weights)
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    wanted = load(folders / "bert")(IDS).last_hidden_state
    assert torch.equal(load(tmp_path)(IDS).last_hidden_state, wanted)


def test_code_in_a_folder_is_never_run(tmp_path, monkeypatch):
    """Neither executed nor asked about, which would hang a job without a console."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked the user"))
    marker = tmp_path / "was_run"
    (tmp_path / "own.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Own: pass\n")
    config = {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="could not be loaded"):
        load(tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("family", "segments"),
    [("bert", True), ("electra", True), ("roberta", False), ("xlm_roberta", False)],
)
def test_segments(family, segments):
    assert has_segments(CONFIGS[family]) is segments


def test_an_architecture_without_segments_has_none():
    from transformers import DebertaV2Config, DistilBertConfig

    assert not has_segments(DistilBertConfig())
    assert not has_segments(DebertaV2Config())


def test_positions_are_those_that_the_encoder_takes(folder):
    """The longest input runs, one token more does not."""
    encoder = load(folder)
    longest = max_positions(encoder.config)
    assert encoder(torch.full((1, longest), 5)).last_hidden_state.shape[1] == longest
    with pytest.raises((IndexError, RuntimeError)):
        encoder(torch.full((1, longest + 1), 5))
    require_room(encoder.config, longest)
    with pytest.raises(ValueError, match=f"is {longest + 1}, but .* {longest} positions; set"):
        require_room(encoder.config, longest + 1)


def test_klue_roberta_reads_512_tokens():
    config = RobertaConfig(max_position_embeddings=514, pad_token_id=1)
    assert max_positions(config) == 512


def test_scratch_has_the_sizes_asked_for():
    params = EncoderParams(name="scratch", scratch=SCRATCH)
    encoder = build_encoder(params, vocabulary_size=77, padding_id=4)
    config = encoder.config
    assert (config.hidden_size, config.num_hidden_layers, config.intermediate_size) == (16, 2, 8)
    assert (config.vocab_size, config.pad_token_id) == (77, 4)
    assert max_positions(config) == 64
    assert has_segments(config)
    assert not any("pooler" in name for name in encoder.state_dict())
    assert encoder.get_input_embeddings().weight[4].abs().sum() == 0


def test_fewer_layers_from_scratch_too():
    params = EncoderParams(name="scratch", num_hidden_layers=1, scratch=SCRATCH)
    assert len(build_encoder(params, 77, 0).encoder.layer) == 1


def test_scratch_without_sizes():
    with pytest.raises(ValueError, match=r"needs encoder\.scratch"):
        build_encoder(EncoderParams(name="scratch"), 77, 0)


def test_the_seed_decides_what_comes_from_scratch():
    params = EncoderParams(name="scratch", scratch=SCRATCH)

    def weights(seed):
        torch.manual_seed(seed)
        return build_encoder(params, 77, 0).get_input_embeddings().weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
