"""Which weights decay, learn at which rate and stand still until when; how many steps there are."""

import pytest
import torch
from torch import nn
from transformers import (
    AlbertConfig,
    AutoModel,
    BertConfig,
    BertModel,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    RobertaConfig,
    TrainerControl,
    TrainerState,
    XLMRobertaConfig,
)
from transformers.trainer_pt_utils import get_parameter_names

from klue_pipeline.training.optimizer import (
    FREEZABLE_PARTS,
    build_freezing,
    build_optimizer,
    count_steps,
    count_steps_per_epoch,
    count_warmup_steps,
    find_part,
    learning_rates,
)

LAYERS = 3
SIZES = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "pad_token_id": 0,
}
FAMILIES = {
    "bert": (BertConfig(**SIZES), "encoder.layer"),
    "roberta": (RobertaConfig(**SIZES), "encoder.layer"),
    "xlm_roberta": (XLMRobertaConfig(**SIZES), "encoder.layer"),
    # its embeddings are narrower than its layers, with a projection between
    "electra": (ElectraConfig(**SIZES, embedding_size=4), "encoder.layer"),
    "distilbert": (
        DistilBertConfig(vocab_size=20, dim=8, n_layers=LAYERS, n_heads=2, hidden_dim=8),
        "transformer.layer",
    ),
    "modernbert": (ModernBertConfig(**SIZES), "layers"),
}


class Classifier(nn.Module):
    """A head beside an encoder, named as in our models."""

    def __init__(self, config) -> None:
        super().__init__()
        self.encoder = AutoModel.from_config(config)
        self.encoder.pooler = None
        self.head = nn.Linear(8, 3)


@pytest.fixture(params=FAMILIES, scope="module")
def family(request):
    """An encoder with a head, and its layers from bottom to top."""
    config, path = FAMILIES[request.param]
    model = Classifier(config)
    return model, list(model.encoder.get_submodule(path))


@pytest.fixture
def bert():
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    return BertModel(BertConfig(**sizes, intermediate_size=8), add_pooling_layer=False)


def test_biases_and_layer_norms_do_not_decay(bert, training_params):
    """The groups are those that Transformers' own Trainer makes."""
    wanted = set(get_parameter_names(bert, [nn.LayerNorm], [r"bias"]))
    optimizer = build_optimizer(bert, training_params(weight_decay=0.1))
    name_of = {weight: name for name, weight in bert.named_parameters()}
    found = {0.1: set(), 0.0: set()}
    for group in optimizer.param_groups:
        found[group["weight_decay"]] |= {name_of[weight] for weight in group["params"]}
    assert found == {0.1: wanted, 0.0: set(name_of.values()) - wanted}
    assert any("LayerNorm" in name for name in found[0.0])
    assert any("word_embeddings" in name for name in found[0.1])


def test_each_layer_learns_slower_than_the_one_above(family, training_params):
    model, layers = family
    params = training_params(learning_rate=0.8, head_learning_rate=5.0, layer_decay=0.5)
    rates = {
        id(weight): group["lr"]
        for group in build_optimizer(model, params).param_groups
        for weight in group["params"]
    }
    wanted = {id(weight): 5.0 for weight in model.head.parameters()}
    for layer, rate in zip(layers, (0.2, 0.4, 0.8), strict=True):
        wanted |= {id(weight): rate for weight in layer.parameters()}
    wanted |= {id(weight): 0.1 for weight in model.encoder.embeddings.parameters()}
    if hasattr(model.encoder, "embeddings_project"):
        wanted |= {id(weight): 0.1 for weight in model.encoder.embeddings_project.parameters()}
    if hasattr(model.encoder, "final_norm"):
        wanted |= {id(weight): 0.8 for weight in model.encoder.final_norm.parameters()}
    assert rates == pytest.approx(wanted)


@pytest.mark.parametrize("layer_decay", [None, 1.0])
def test_without_layer_decay_there_are_four_groups(family, training_params, layer_decay):
    """Encoder before head, what decays before what does not: a resume state holds this order."""
    model, _ = family
    params = training_params(weight_decay=0.1, head_learning_rate=5.0, layer_decay=layer_decay)
    groups = build_optimizer(model, params).param_groups
    parts = [model.encoder, model.encoder, model.head, model.head]
    wanted = [
        [weight for weight in part.parameters() if (weight.ndim > 1) == decays]
        for part, decays in zip(parts, [True, False] * 2, strict=True)
    ]
    assert [[id(weight) for weight in group["params"]] for group in groups] == [
        [id(weight) for weight in weights] for weights in wanted if weights
    ]


def test_the_top_layer_has_the_full_rate(family, training_params):
    """The first group's rate gets logged; without a rate of its own the head learns alike."""
    params = {"learning_rate": 0.8, "layer_decay": 0.5}
    logged = training_params(**params, head_learning_rate=5.0)
    assert build_optimizer(family[0], logged).param_groups[0]["lr"] == 0.8
    assert learning_rates(family[0], training_params(**params))["head.weight"] == 0.8


@pytest.mark.parametrize(
    "config",
    [
        # one layer used several times
        AlbertConfig(**SIZES, embedding_size=4),
        None,
    ],
    ids=["albert", "no encoder"],
)
def test_layers_that_cannot_be_told_apart(training_params, config):
    model = nn.Linear(2, 2) if config is None else Classifier(config)
    named = "there is no encoder" if config is None else "encoder.embeddings"
    with pytest.raises(ValueError, match=f"layer_decay is 0.9, but .*{named}.*Remove"):
        build_optimizer(model, training_params(layer_decay=0.9))


def test_decay_is_decoupled_from_the_gradient(training_params):
    """Without a gradient, AdamW shrinks a weight by learning rate times decay, and no bias."""
    model = nn.Linear(2, 2)
    nn.init.ones_(model.weight)
    nn.init.ones_(model.bias)
    optimizer = build_optimizer(model, training_params(learning_rate=0.1, weight_decay=0.5))
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(model.weight.data, torch.full((2, 2), 0.95))
    torch.testing.assert_close(model.bias.data, torch.ones(2))


def test_frozen_weights_are_left_out(bert, training_params):
    bert.embeddings.requires_grad_(False)
    optimizer = build_optimizer(bert, training_params())
    held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    assert held == {id(weight) for weight in bert.encoder.parameters()}


def test_settings_arrive(bert, training_params):
    params = training_params(learning_rate=3e-5, adam_beta1=0.8, adam_beta2=0.98, adam_epsilon=1e-6)
    for group in build_optimizer(bert, params).param_groups:
        assert (group["lr"], group["betas"], group["eps"]) == (3e-5, (0.8, 0.98), 1e-6)


@pytest.mark.parametrize(
    ("batches", "accumulation", "epochs", "max_steps", "steps"),
    [
        (10, 1, 3, None, 30),
        (10, 4, 3, None, 9),
        (3, 8, 2, None, 2),
        (8, 4, 1, None, 2),
        (10, 1, 3, 14, 14),
        (10, 1, 3, 31, 30),  # the epochs are an upper bound
    ],
)
def test_steps_of_a_training(training_params, batches, accumulation, epochs, max_steps, steps):
    params = training_params(accumulation_steps=accumulation, epochs=epochs, max_steps=max_steps)
    assert count_steps(count_steps_per_epoch(batches, params), params) == steps


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"warmup_share": 0.1}, 10),
        ({"warmup_share": 0.101}, 11),  # started steps count
        ({"warmup_share": 0.0}, 0),
        ({"warmup_share": 1.0}, 100),
        ({"warmup_share": 0.1, "warmup_steps": 37}, 37),
        ({"warmup_share": 0.1, "warmup_steps": 0}, 0),
    ],
)
def test_warmup_steps(training_params, settings, steps):
    assert count_warmup_steps(100, training_params(**settings)) == steps


FREEZABLE = [config for name, (config, _) in FAMILIES.items() if name != "distilbert"]


def is_frozen(module):
    found = {not weight.requires_grad for weight in module.parameters()}
    assert len(found) == 1
    return found.pop()


def begin_step(callback, step):
    callback.on_step_begin(None, TrainerState(global_step=step), TrainerControl(), model=None)


@pytest.mark.parametrize("config", FREEZABLE)
def test_embeddings_are_those_of_words_and_all_around_them(config):
    model = Classifier(config)
    part = find_part(model, "embeddings")
    words = model.encoder.get_input_embeddings()
    assert any(module is words for module in part.modules())
    assert any(isinstance(module, nn.LayerNorm) for module in part.modules())
    assert not any("layer." in name or "layers." in name for name, _ in part.named_modules())


@pytest.mark.parametrize("name", FREEZABLE_PARTS)
def test_only_the_part_is_frozen(training_params, name):
    model = Classifier(FREEZABLE[0])
    begin_step(build_freezing(model, training_params(freeze=name), 10, total_steps=20), 0)
    frozen = {id(weight) for weight in model.parameters() if not weight.requires_grad}
    assert frozen == {id(weight) for weight in find_part(model, name).parameters()}
    assert not is_frozen(model.head)


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
    callback = build_freezing(model, params, steps_per_epoch=10, total_steps=20)
    found = []
    for step in steps:
        begin_step(callback, step)
        found.append(is_frozen(model["encoder"]))
    assert found == frozen


@pytest.mark.parametrize(
    ("epochs", "total_steps", "learns"),
    [
        (1, 30, [1, 1, 1, 0]),
        (2, 30, [1, 0, 0, 0]),
        (9, 30, [0, 0, 0, 0]),
        (1, 25, [1, 1, 0, 0]),  # max_steps ends the last epoch in its middle
    ],
)
def test_the_last_epochs_may_be_those_that_are_frozen(training_params, epochs, total_steps, learns):
    model = nn.ModuleDict({"encoder": nn.Linear(2, 2), "head": nn.Linear(2, 3)})
    params = training_params(freeze="encoder", freeze_at="end", freeze_epochs=epochs, epochs=3)
    callback = build_freezing(model, params, 10, total_steps)
    found = []
    for step in (0, 10, 15, 20):
        begin_step(callback, step)
        found.append(int(not is_frozen(model["encoder"])))
    assert found == learns


@pytest.mark.parametrize(
    ("name", "path"), [("embeddings", r"encoder\.embeddings"), ("encoder", "encoder")]
)
def test_a_model_without_the_part(training_params, name, path):
    model = nn.ModuleDict({"body": nn.Linear(2, 2), "head": nn.Linear(2, 3)})
    with pytest.raises(ValueError, match=f"freeze is {name}, .* no {path}; it has body, head"):
        build_freezing(model, training_params(freeze=name), 10, total_steps=20)
