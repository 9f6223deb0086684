"""Dropout from raw bits: its rate, its scale, its gradient, and where its masks come from."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from klue_pipeline.training.compute.dropout import (
    BitDropout,
    KeepMasks,
    drawing_from,
    use_bit_dropout,
)


def layer(rate):
    model = nn.Sequential(nn.Dropout(rate))
    use_bit_dropout(model)
    return model[0]


@given(rate=st.floats(0, 0.999), seed=st.integers(0, 2**32 - 1))
def test_the_share_that_goes_is_the_rate(rate, seed):
    values = 40_000
    keep, scale = KeepMasks((seed,)).draw((values,), rate)
    found = 1 - keep.double().mean().item()
    # six standard deviations, and one of 65,536 that the rate is rounded to
    assert abs(found - rate) < 6 * math.sqrt(rate * (1 - rate) / values) + 2**-16
    assert scale == pytest.approx(1 / (1 - rate), rel=0.01)


def test_neighbours_go_independently_of_each_other():
    keep, _ = KeepMasks((1,)).draw((400_000,), 0.5)
    keep = keep.double() - 0.5
    for distance in (1, 2, 3, 4, 8):  # four decisions come from one word
        correlation = (keep[:-distance] * keep[distance:]).mean().item() / 0.25
        assert abs(correlation) < 6 / math.sqrt(400_000)


@given(shape=st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_values_stay_scaled_or_become_nothing(shape):
    states = torch.rand(shape) + 1
    with drawing_from(KeepMasks((3,))):
        dropped = layer(0.5)(states)
    assert dropped.shape == states.shape
    assert torch.equal(dropped, torch.where(dropped == 0, 0, states * 2))


def test_the_gradient_takes_the_way_of_the_values():
    states = torch.rand(50, 50, requires_grad=True)
    with drawing_from(KeepMasks((3,))):
        dropped = layer(0.25)(states)
    dropped.sum().backward()
    torch.testing.assert_close(states.grad, (dropped != 0) / 0.75, rtol=1e-4, atol=0)


def test_masks_follow_from_the_seed_alone():
    def draw(*seed):
        masks = KeepMasks(seed)
        return torch.stack([masks.draw((64,), 0.5)[0] for _ in range(3)])

    first = draw(7, 1, 0)
    torch.rand(5)
    assert torch.equal(draw(7, 1, 0), first)
    assert not torch.equal(first[0], first[1])
    for other in ((8, 1, 0), (7, 2, 0), (7, 1, 1)):
        assert not torch.equal(draw(*other), first)


def test_pytorch_draws_where_no_masks_are_given():
    states = torch.ones(1000)
    torch.manual_seed(0)
    found = layer(0.3)(states)
    torch.manual_seed(0)
    assert torch.equal(found, nn.Dropout(0.3)(states))


def test_nothing_goes_at_rate_0_or_outside_of_training():
    states = torch.rand(100)
    with drawing_from(KeepMasks((1,))):
        assert torch.equal(layer(0.0)(states), states)
        assert torch.equal(layer(0.9).eval()(states), states)


def test_every_dropout_layer_of_a_model_is_changed_and_keeps_rate_and_mode():
    model = nn.Sequential(nn.Sequential(nn.Dropout(0.2), nn.Linear(2, 2)), nn.Dropout(0.4)).eval()
    names = list(model.state_dict())
    use_bit_dropout(model)
    assert [type(part) for part in (model[0][0], model[1])] == [BitDropout, BitDropout]
    assert [model[0][0].p, model[1].p] == [0.2, 0.4]
    assert not model[1].training
    assert list(model.state_dict()) == names
