"""Attention by batched products against PyTorch's own, alone and inside of whole encoders."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_configs import LIKE_BERT, MODERN_BERT, ROTARY, SIZES
from torch import nn
from torch.nn import functional
from transformers import AutoModel, BertConfig

from klue_pipeline.training.compute import attention
from klue_pipeline.training.compute.attention import attend, use_batched_attention
from klue_pipeline.training.compute.dropout import KeepMasks, drawing_from, use_bit_dropout

CONFIGS = [*LIKE_BERT, MODERN_BERT]


class Layer(nn.Module):
    """An attention layer of an encoder, as far as attention asks for it."""

    is_causal = False


def parts(batch=3, heads=2, queries=5, keys=7, width=4):
    generator = torch.Generator().manual_seed(batch * 100 + queries)
    shapes = [(batch, queries), (batch, keys), (batch, keys)]
    return [
        torch.randn(*shape, heads, width, dtype=torch.float64, generator=generator)
        .transpose(1, 2)
        .requires_grad_()
        for shape in shapes
    ]


def padding(batch=3, queries=5, keys=7):
    lengths = torch.arange(batch) % keys + 1
    return (torch.arange(keys) < lengths[:, None])[:, None, None].expand(-1, 1, queries, -1)


def pairwise(batch=3, queries=5, keys=7):
    mask = torch.rand(batch, 1, queries, keys, generator=torch.Generator().manual_seed(0)) < 0.5
    mask[..., 0] = True
    return mask


@pytest.fixture(params=[1, 40, 2**21])
def at_once(request, monkeypatch):
    """Take heads one at a time, some at a time, and all together."""
    monkeypatch.setattr(attention, "_VALUES_AT_ONCE", request.param)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("mask", [None, padding(), pairwise()], ids=["none", "padding", "pairs"])
def test_values_and_gradients_are_those_of_pytorch(mask):
    found, wanted = parts(), parts()
    ours, no_probabilities = attend(Layer(), *found, mask, scaling=0.3)
    theirs = functional.scaled_dot_product_attention(*wanted, attn_mask=mask, scale=0.3)
    assert no_probabilities is None
    torch.testing.assert_close(ours, theirs.transpose(1, 2))
    weights = torch.randn_like(ours)
    for mine, other in zip(
        torch.autograd.grad((ours * weights).sum(), found),
        torch.autograd.grad((theirs.transpose(1, 2) * weights).sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(mine, other)


@pytest.mark.usefixtures("at_once")
def test_dropout_drops_probabilities_in_both_directions():
    found, wanted = parts(), parts()
    with drawing_from(KeepMasks((5,))):
        ours, _ = attend(Layer(), *found, padding(), dropout=0.4, scaling=0.5)
    keep, scale = KeepMasks((5,)).draw((6, 5, 7), 0.4)
    query, key, value = wanted
    scores = (query @ key.transpose(2, 3) * 0.5).masked_fill(~padding(), -torch.inf)
    kept = scores.softmax(-1) * keep.view(3, 2, 5, 7) * scale
    theirs = (kept @ value).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    for mine, other in zip(
        torch.autograd.grad((ours**2).sum(), found),
        torch.autograd.grad((theirs**2).sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(mine, other)


@given(
    batch=st.integers(1, 3), heads=st.integers(1, 3), tokens=st.integers(1, 40), seed=st.integers(0)
)
def test_bfloat16_is_as_near_to_the_truth_as_pytorch_is(batch, heads, tokens, seed):
    torch.manual_seed(seed % 2**32)
    exact = [torch.randn(batch, heads, tokens, 8) for _ in range(3)]
    rounded = [part.bfloat16() for part in exact]
    ours, _ = attend(Layer(), *rounded, None)
    theirs = functional.scaled_dot_product_attention(*(part.float() for part in rounded))
    torch.testing.assert_close(ours.float(), theirs.transpose(1, 2), rtol=0.03, atol=0.03)


def test_no_pass_forward_keeps_what_only_a_backward_pass_needs():
    with torch.no_grad():
        plain, _ = attend(Layer(), *parts(), padding())
    learning, _ = attend(Layer(), *parts(), padding())
    torch.testing.assert_close(plain, learning.detach())


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
@pytest.mark.parametrize("lengths", [(9, 9, 9), (9, 4, 1)], ids=["full", "padded"])
def test_a_whole_encoder_says_the_same(config, lengths, monkeypatch):
    torch.manual_seed(0)
    encoder = AutoModel.from_config(config).eval()
    ids = torch.randint(3, 60, (3, 9))
    mask = (torch.arange(9) < torch.tensor(lengths)[:, None]).long()
    wanted = encoder(ids, attention_mask=mask).last_hidden_state
    use_batched_attention(encoder)
    monkeypatch.setattr(attention, "sdpa_attention_forward", None)  # nothing falls back to it
    found = encoder(ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(found[mask.bool()], wanted[mask.bool()], rtol=1e-4, atol=1e-5)
    assert "batched" not in encoder.config.to_json_string()


@pytest.mark.parametrize("config", [*CONFIGS, ROTARY], ids=lambda config: config.model_type)
def test_a_whole_encoder_learns_in_bfloat16(config, monkeypatch):
    torch.manual_seed(0)
    encoder = AutoModel.from_config(config).eval()
    ids = torch.randint(3, 60, (3, 9))

    def gradient():
        encoder.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            states = encoder(ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        (
            states.float() * torch.linspace(-1, 1, states[0].numel()).view_as(states[0])
        ).sum().backward()
        return encoder.get_input_embeddings().weight.grad

    wanted = gradient()
    use_batched_attention(encoder)
    monkeypatch.setattr(attention, "sdpa_attention_forward", None)
    assert functional.cosine_similarity(gradient().flatten(), wanted.flatten(), dim=0) > 0.99


def test_an_encoder_drops_attention_from_the_masks_that_are_given():
    torch.manual_seed(0)
    config = BertConfig(**SIZES, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.5)
    encoder = AutoModel.from_config(config).train()
    use_batched_attention(encoder)
    use_bit_dropout(encoder)
    ids = torch.randint(3, 60, (3, 9))

    def states(seed):
        with drawing_from(KeepMasks((seed,))):
            return encoder(ids).last_hidden_state

    assert torch.equal(states(1), states(1))
    assert not torch.equal(states(1), states(2))


def test_a_layer_that_looks_back_alone_and_other_attentions_stay_as_they_are(monkeypatch):
    asked = []
    monkeypatch.setattr(
        attention, "sdpa_attention_forward", lambda *args, **kwargs: asked.append(kwargs)
    )
    causal = Layer()
    causal.is_causal = True
    attend(causal, *parts(), None)
    attend(Layer(), *parts(), None, position_bias=torch.zeros(5, 7))
    attend(Layer(), *parts(), None, dropout=0.5)  # without masks PyTorch draws
    assert len(asked) == 3
    eager = AutoModel.from_config(BertConfig(**SIZES), attn_implementation="eager")
    use_batched_attention(eager)
    assert eager.config._attn_implementation == "eager"
