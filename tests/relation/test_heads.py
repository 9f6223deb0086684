"""Heads: which states they read, and that rows keep to themselves."""

from typing import get_args

import pytest
import torch

from klue_pipeline.relation.heads import HEADS, ClsEntityStartHead, build_head
from klue_pipeline.relation.params import HeadParams

WIDTH, LABELS, TOKENS = 6, 4, 9
# Subject start, subject end, object start, object end; both orders.
POSITIONS = torch.tensor([[1, 4, 5, 8], [5, 7, 1, 3], [2, 3, 3, 9]])
MASK = torch.ones(3, TOKENS, dtype=torch.int64)


@pytest.fixture(params=list(HEADS))
def head(request):
    torch.manual_seed(0)
    return build_head(HeadParams(name=request.param, dropout=0.3), WIDTH, LABELS).eval()


@pytest.fixture
def states():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, TOKENS, WIDTH, generator=generator, requires_grad=True)


def test_every_legal_name_has_a_head():
    assert set(HEADS) == set(get_args(HeadParams.model_fields["name"].annotation))


def test_one_score_per_label(head, states):
    logits = head(states, MASK, POSITIONS)
    assert logits.shape == (3, LABELS)
    assert torch.isfinite(logits).all()


def test_a_row_does_not_see_its_neighbours(head, states):
    whole = head(states, MASK, POSITIONS)
    for row in range(3):
        alone = head(states[row : row + 1], MASK[row : row + 1], POSITIONS[row : row + 1])
        torch.testing.assert_close(alone[0], whole[row])


def test_padding_changes_nothing(head, states):
    junk = torch.full((3, 5, WIDTH), 1e3)
    mask = torch.cat([MASK, torch.zeros(3, 5, dtype=torch.int64)], dim=1)
    padded = head(torch.cat([states, junk], dim=1), mask, POSITIONS)
    torch.testing.assert_close(padded, head(states, MASK, POSITIONS))


def test_subject_and_object_are_told_apart(head, states):
    swapped = POSITIONS[:, [2, 3, 0, 1]]
    difference = head(states, MASK, swapped) - head(states, MASK, POSITIONS)
    assert difference.abs().amax(dim=1).min() > 1e-4


def test_dropout_is_that_of_the_settings(head, states):
    head.train()
    assert not torch.equal(head(states, MASK, POSITIONS), head(states, MASK, POSITIONS))
    without = build_head(HeadParams(name="cls_entity_start", dropout=0.0), WIDTH, LABELS).train()
    assert torch.equal(without(states, MASK, POSITIONS), without(states, MASK, POSITIONS))


def test_every_weight_learns(head, states):
    head(states, MASK, POSITIONS).square().sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in head.parameters())


def test_cls_entity_start_reads_the_first_token_and_both_openings(states):
    head = ClsEntityStartHead(WIDTH, LABELS, dropout=0.0)
    head(states, MASK, POSITIONS).sum().backward()
    read = [set(row.abs().sum(dim=1).nonzero().flatten().tolist()) for row in states.grad]
    assert read == [{0, 1, 5}, {0, 5, 1}, {0, 2, 3}]


def test_cls_entity_start_by_a_loop(states):
    head = ClsEntityStartHead(WIDTH, LABELS, dropout=0.0)
    for row, (subject, _, object_, _) in enumerate(POSITIONS.tolist()):
        pooled = torch.cat([states[row, 0], states[row, subject], states[row, object_]])
        wanted = head.output(torch.nn.functional.gelu(head.hidden(pooled)))
        torch.testing.assert_close(head(states, MASK, POSITIONS)[row], wanted)
