"""The last layer where it is read, against the states of all tokens."""

import copy

import pytest
import torch
from tiny_configs import LIKE_BERT, MODERN_BERT, SIZES
from torch import nn
from transformers import AutoModel, BertConfig

from klue_pipeline.training.compute.attention import use_batched_attention
from klue_pipeline.training.compute.last_layer import READ_PLACES, compute_last_layer_where_read

CONFIGS = [*LIKE_BERT, BertConfig(**SIZES | {"num_hidden_layers": 1})]
PLACES = torch.tensor([[0, 8, 3], [2, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("lengths", [(9, 9, 9), (9, 4, 1)], ids=["full", "padded"])
def test_states_and_gradients_are_those_of_all_tokens(config, batched, lengths):
    torch.manual_seed(0)
    encoder = AutoModel.from_config(config).eval()
    if batched:
        use_batched_attention(encoder)
    whole = copy.deepcopy(encoder)
    assert compute_last_layer_where_read(encoder)
    ids = torch.randint(3, 60, (3, 9))
    inputs = {"attention_mask": (torch.arange(9) < torch.tensor(lengths)[:, None]).long()}
    wanted = whole(ids, **inputs).last_hidden_state[torch.arange(3)[:, None], PLACES]
    found = encoder(ids, **inputs, **{READ_PLACES: PLACES}).last_hidden_state
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    for states in (wanted, found):
        (states * torch.arange(states.numel()).view(states.shape)).sum().backward()
    gradients = dict(whole.named_parameters())
    for name, weights in encoder.named_parameters():
        of_whole = gradients[name].grad
        assert (weights.grad is None) == (of_whole is None), name
        if of_whole is not None:
            torch.testing.assert_close(weights.grad, of_whole, rtol=1e-3, atol=1e-2)
    every = encoder(ids, **inputs).last_hidden_state
    torch.testing.assert_close(every, whole(ids, **inputs).last_hidden_state)


def test_checkpointed_gradients_know_what_was_read():
    """The second forward pass, which the backward pass makes, gets the same places."""
    torch.manual_seed(0)
    encoder = AutoModel.from_config(CONFIGS[0]).train()
    for layer in encoder.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    compute_last_layer_where_read(encoder)
    ids = torch.randint(3, 60, (3, 9))
    gradients = []
    for checkpointed in (False, True):
        if checkpointed:
            encoder.activation_checkpointing_enable()
        encoder.zero_grad()
        encoder(ids, **{READ_PLACES: PLACES}).last_hidden_state.square().sum().backward()
        gradients.append(encoder.embeddings.word_embeddings.weight.grad.clone())
    torch.testing.assert_close(*gradients)


def test_a_copy_of_an_encoder_has_a_last_layer_of_its_own():
    torch.manual_seed(0)
    encoder = AutoModel.from_config(CONFIGS[0]).eval()
    compute_last_layer_where_read(encoder)
    copied = copy.deepcopy(encoder)
    ids = torch.randint(3, 60, (3, 9))
    wanted = encoder(ids, **{READ_PLACES: PLACES}).last_hidden_state
    with torch.no_grad():
        encoder.encoder.layer[-1].output.dense.weight.zero_()
    assert torch.equal(copied(ids, **{READ_PLACES: PLACES}).last_hidden_state, wanted)


def test_no_other_token_passes_the_last_layer():
    encoder = AutoModel.from_config(CONFIGS[0]).eval()
    compute_last_layer_where_read(encoder)
    seen = []
    encoder.encoder.layer[-1].intermediate.register_forward_hook(
        lambda _, given, __: seen.append(given[0].shape)
    )
    encoder(torch.randint(3, 60, (3, 9)), **{READ_PLACES: PLACES})
    assert seen == [(3, 3, 16)]


@pytest.mark.parametrize(
    "encoder",
    [
        AutoModel.from_config(MODERN_BERT),
        AutoModel.from_config(BertConfig(**SIZES), attn_implementation="eager"),
        AutoModel.from_config(BertConfig(**SIZES, is_decoder=True)),
    ],
    ids=["another family", "another attention", "one that looks back alone"],
)
def test_what_is_built_otherwise_stays_as_it_is(encoder):
    before = vars(encoder.base_model).copy()
    assert not compute_last_layer_where_read(encoder)
    assert vars(encoder.base_model) == before
