"""Head ``rbert``."""

from dataclasses import replace

import torch

from klue_pipeline.relation.model.heads import build_head


def test_rbert_by_a_loop(inputs, batch):
    head = build_head(batch.params("rbert"), batch.shape).eval()
    for row, (subject, after_subject, object_, after_object) in enumerate(
        inputs.positions.tolist()
    ):
        states = inputs.states[row]
        parts = [
            head.cls(torch.tanh(states[0])),
            head.entity(torch.tanh(states[subject:after_subject].mean(dim=0))),
            head.entity(torch.tanh(states[object_:after_object].mean(dim=0))),
        ]
        torch.testing.assert_close(head(inputs)[row], head.output(torch.cat(parts)))


def test_both_entities_share_a_layer_and_the_first_token_has_its_own(batch):
    head = build_head(batch.params("rbert"), batch.shape)
    shapes = {
        name: tuple(weight.shape) for name, weight in head.named_parameters() if weight.ndim > 1
    }
    assert shapes == {"cls.weight": (6, 6), "entity.weight": (6, 6), "output.weight": (4, 18)}


def test_an_empty_entity_counts_as_zeros(inputs, batch):
    """The published code divides by the span's length, which gives NaN here."""
    head = build_head(batch.params("rbert"), batch.shape).eval()
    empty = replace(inputs, positions=torch.tensor([[1, 4, 0, 0], [0, 0, 0, 0], [5, 5, 3, 9]]))
    logits = head(empty)
    parts = [
        head.cls(torch.tanh(inputs.states[0, 0])),
        head.entity(torch.tanh(inputs.states[0, 1:4].mean(dim=0))),
        head.entity.bias,
    ]
    torch.testing.assert_close(logits[0], head.output(torch.cat(parts)))
    logits.sum().backward()
    assert torch.isfinite(inputs.states.grad).all()
