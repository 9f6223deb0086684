"""Which part of a model is frozen, and until when; that it does not move: test_trainer.py."""

import pytest
from torch import nn
from transformers import (
    AutoModel,
    BertConfig,
    ElectraConfig,
    ModernBertConfig,
    RobertaConfig,
    TrainerControl,
    TrainerState,
    XLMRobertaConfig,
)

from klue_pipeline.training.freezing import FREEZABLE_PARTS, build_freezing, find_part

SIZES = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "pad_token_id": 0,
}
CONFIGS = {
    "bert": BertConfig(**SIZES),
    "roberta": RobertaConfig(**SIZES),
    "xlm_roberta": XLMRobertaConfig(**SIZES),
    "electra": ElectraConfig(**SIZES, embedding_size=4),
    "modernbert": ModernBertConfig(**SIZES),
}


@pytest.fixture(params=CONFIGS)
def model(request):
    encoder = AutoModel.from_config(CONFIGS[request.param])
    return nn.ModuleDict({"encoder": encoder, "head": nn.Linear(8, 3)})


def is_frozen(module):
    found = {not weight.requires_grad for weight in module.parameters()}
    assert len(found) == 1
    return found.pop()


def begin_epoch(callback, step):
    callback.on_epoch_begin(None, TrainerState(global_step=step), TrainerControl(), model=None)


def test_embeddings_are_those_of_words_and_all_around_them(model):
    part = find_part(model, "embeddings")
    words = model["encoder"].get_input_embeddings()
    assert any(module is words for module in part.modules())
    assert any(isinstance(module, nn.LayerNorm) for module in part.modules())
    assert not any("layer." in name or "layers." in name for name, _ in part.named_modules())


@pytest.mark.parametrize("name", FREEZABLE_PARTS)
def test_only_the_part_is_frozen(model, training_params, name):
    callback = build_freezing(model, training_params(freeze=name), steps_per_epoch=10)
    begin_epoch(callback, 0)
    frozen = {id(weight) for weight in model.parameters() if not weight.requires_grad}
    assert frozen == {id(weight) for weight in find_part(model, name).parameters()}
    assert not is_frozen(model["head"])


@pytest.mark.parametrize(
    ("freeze_epochs", "steps", "frozen"),
    [
        (1, [0, 10, 20], [True, False, False]),
        (2, [0, 10, 20], [True, True, False]),
        (None, [0, 10, 20, 10_000], [True] * 4),
        # resumed within an epoch, before and after the thaw
        (2, [7, 10, 20], [True, True, False]),
        (1, [9, 10], [True, False]),
        (1, [13, 20], [False, False]),
    ],
)
def test_until_when(training_params, freeze_epochs, steps, frozen):
    model = nn.ModuleDict({"encoder": nn.Linear(2, 2), "head": nn.Linear(2, 3)})
    params = training_params(freeze="encoder", freeze_epochs=freeze_epochs)
    callback = build_freezing(model, params, steps_per_epoch=10)
    found = []
    for step in steps:
        begin_epoch(callback, step)
        found.append(is_frozen(model["encoder"]))
    assert found == frozen


@pytest.mark.parametrize(
    ("name", "path"), [("embeddings", r"encoder\.embeddings"), ("encoder", "encoder")]
)
def test_a_model_without_the_part(training_params, name, path):
    model = nn.ModuleDict({"body": nn.Linear(2, 2), "head": nn.Linear(2, 3)})
    with pytest.raises(ValueError, match=f"freeze is {name}, .* no {path}; it has body, head"):
        build_freezing(model, training_params(freeze=name), steps_per_epoch=10)
