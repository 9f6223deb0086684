"""The heads that read markers, each against a loop over rows."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import gelu

from klue_pipeline.relation.model.heads import build_head


def read_tokens(states):
    return [set(row.abs().sum(dim=1).nonzero().flatten().tolist()) for row in states.grad]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("entity_start", [{1, 5}, {5, 1}, {2, 3}]),
        ("cls_entity_start", [{0, 1, 5}, {0, 5, 1}, {0, 2, 3}]),
        ("entity_start_end", [{0, 1, 3, 5, 7}, {0, 5, 6, 1, 2}, {0, 2, 3, 8}]),
        ("cls_entity_fc", [{0, 1, 5}, {0, 5, 1}, {0, 2, 3}]),
        ("type_restricted", [{0, 1, 5}, {0, 5, 1}, {0, 2, 3}]),
    ],
)
def test_which_tokens_a_head_reads(name, wanted, inputs, batch):
    torch.manual_seed(0)
    head = build_head(batch.params(name, dropout=0.0), batch.shape)
    head(inputs).sum().backward()
    assert read_tokens(inputs.states) == wanted


def test_entity_start_by_a_loop(inputs, batch):
    head = build_head(batch.params("entity_start"), batch.shape).eval()
    for row, (subject, _, object_, _) in enumerate(inputs.positions.tolist()):
        pooled = torch.cat([inputs.states[row, subject], inputs.states[row, object_]])
        wanted = head.output(torch.relu(head.hidden(pooled)))
        torch.testing.assert_close(head(inputs)[row], wanted)


def test_entity_start_drops_only_before_the_classifier(inputs, batch):
    """As the published baseline does: its first layer reads the states as they are."""
    head = build_head(batch.params("entity_start", dropout=0.999), batch.shape).train()
    head.output = torch.nn.Identity()
    hidden = head(inputs)
    assert (hidden == 0).float().mean() > 0.5
    head.dropout.p = 0.0
    pooled = torch.cat([inputs.states[0, 1], inputs.states[0, 5]])
    torch.testing.assert_close(head(inputs)[0], torch.relu(head.hidden(pooled)))


def test_cls_entity_start_by_a_loop(inputs, batch):
    head = build_head(batch.params("cls_entity_start"), batch.shape).eval()
    for row, (subject, _, object_, _) in enumerate(inputs.positions.tolist()):
        states = inputs.states[row]
        pooled = torch.cat([states[0], states[subject], states[object_]])
        wanted = head.output(gelu(head.hidden(pooled)))
        torch.testing.assert_close(head(inputs)[row], wanted)


def test_cls_entity_start_keeps_the_names_and_shapes_of_its_weights(batch):
    head = build_head(batch.params("cls_entity_start"), batch.shape)
    shapes = {name: tuple(weight.shape) for name, weight in head.state_dict().items()}
    assert shapes == {
        "hidden.weight": (6, 18),
        "hidden.bias": (6,),
        "output.weight": (4, 6),
        "output.bias": (4,),
    }


def test_entity_start_end_by_a_loop(inputs, batch):
    head = build_head(batch.params("entity_start_end"), batch.shape).eval()
    for row, places in enumerate(inputs.positions.tolist()):
        subject, after_subject, object_, after_object = places
        order = [0, subject, after_subject - 1, object_, after_object - 1]
        pooled = torch.cat([inputs.states[row, place] for place in order])
        wanted = head.output(gelu(head.hidden(pooled)))
        torch.testing.assert_close(head(inputs)[row], wanted)


def test_entity_start_end_reads_the_first_token_of_a_row_without_marks(inputs, batch):
    """Its ends are 0, and the place before them would be the last one, which may be padding."""
    head = build_head(batch.params("entity_start_end", dropout=0.0), batch.shape)
    head(replace(inputs, positions=torch.zeros_like(inputs.positions))).sum().backward()
    assert read_tokens(inputs.states) == [{0}, {0}, {0}]
