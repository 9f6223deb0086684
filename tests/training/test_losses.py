"""Losses: one number per row, as the textbook has it."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from klue_pipeline.training.losses import LOSSES, build_loss
from klue_pipeline.training.params import LossParams

COUNTS = torch.tensor([5, 3, 2])


@pytest.fixture
def cross_entropy():
    return build_loss(LossParams(name="cross_entropy"), COUNTS)


def test_every_legal_name_has_a_loss():
    legal = get_args(LossParams.model_fields["name"].annotation)
    assert set(LOSSES) == set(legal)


def test_cross_entropy_by_hand(cross_entropy):
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)], [0.0, 0.0, 0.0]])
    losses = cross_entropy(logits, torch.tensor([1, 2]))
    assert losses.tolist() == pytest.approx([math.log(8 / 2), math.log(3)])


def test_cross_entropy_is_scikit_learns(cross_entropy):
    generator = np.random.default_rng(0)
    logits, gold = generator.normal(0, 3, (50, 3)), generator.integers(0, 3, 50)
    losses = cross_entropy(torch.tensor(logits), torch.tensor(gold))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert losses.shape == (50,)
    assert losses.mean().item() == pytest.approx(log_loss(gold, probabilities, labels=[0, 1, 2]))


def test_a_row_does_not_see_the_others(cross_entropy):
    logits, gold = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    alone = torch.cat([cross_entropy(logits[i : i + 1], gold[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(cross_entropy(logits, gold), alone)


def test_gradient_is_probability_minus_gold(cross_entropy):
    logits = torch.randn(4, 3, requires_grad=True)
    gold = torch.tensor([2, 0, 1, 1])
    cross_entropy(logits, gold).sum().backward()
    wanted = logits.softmax(1) - torch.nn.functional.one_hot(gold, 3)
    torch.testing.assert_close(logits.grad, wanted.detach())
