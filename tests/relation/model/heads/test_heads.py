"""What every head has in common: shapes, rows that keep to themselves, padding, dropout."""

from dataclasses import fields, replace
from typing import get_args

import pytest
import torch

from klue_pipeline.relation.model.heads import HEADS, HeadInputs, build_head
from klue_pipeline.relation.settings.compatibility import HEADS_AT_MARKERS
from klue_pipeline.relation.settings.params import HeadParams

COSINE = [name for name in HEADS if name != "type_restricted"]
VARIANTS = [(name, "linear") for name in HEADS] + [(name, "cosine") for name in COSINE]


@pytest.fixture(params=VARIANTS, ids="-".join)
def variant(request):
    return request.param


@pytest.fixture
def head(variant, batch):
    torch.manual_seed(0)
    name, classifier = variant
    return build_head(batch.params(name, classifier=classifier), batch.shape).eval()


def change(inputs, function):
    return HeadInputs(*[function(getattr(inputs, field.name)) for field in fields(inputs)])


def test_every_legal_name_has_a_head():
    assert set(HEADS) == set(get_args(HeadParams.model_fields["name"].annotation))


def test_one_score_per_label(head, inputs, batch):
    logits = head(inputs)
    assert logits.shape == (3, batch.shape.labels)
    assert torch.isfinite(logits).all()


def test_a_row_does_not_see_its_neighbours(head, inputs):
    whole = head(inputs)
    for row in range(3):
        alone = head(change(inputs, lambda value, row=row: value[row : row + 1]))
        torch.testing.assert_close(alone[0], whole[row])


@pytest.mark.parametrize("value", [1e3, float("inf"), float("nan")])
def test_padding_changes_nothing(head, inputs, value):
    junk = torch.full((3, 5, inputs.states.shape[2]), value)
    padded = replace(
        inputs,
        states=torch.cat([inputs.states, junk], dim=1),
        attention_mask=torch.cat([inputs.attention_mask, torch.zeros(3, 5).long()], dim=1),
    )
    torch.testing.assert_close(head(padded), head(inputs))


def test_heads_at_markers_tell_subject_and_object_apart(variant, head, inputs):
    swapped = replace(inputs, positions=inputs.positions[:, [2, 3, 0, 1]])
    difference = (head(swapped) - head(inputs)).abs().amax(dim=1)
    if variant[0] in HEADS_AT_MARKERS:
        # The last row's types of type_restricted leave one label, whose logit moves too.
        assert difference.min() > 1e-4
    else:
        assert difference.max() == 0


def test_a_row_without_marks_gets_a_finite_score(head, inputs):
    bare = replace(
        inputs, positions=torch.zeros_like(inputs.positions), type_ids=torch.zeros(3, 2).long()
    )
    logits = head(bare)
    assert torch.isfinite(logits).all()
    logits.sum().backward()
    assert torch.isfinite(inputs.states.grad).all()


def test_dropout_is_that_of_the_settings(variant, head, inputs, batch):
    head.train()
    assert not torch.equal(head(inputs), head(inputs))
    name, classifier = variant
    without = build_head(batch.params(name, dropout=0.0, classifier=classifier), batch.shape)
    assert torch.equal(without.train()(inputs), without(inputs))


def test_every_weight_learns(head, inputs):
    torch.nn.functional.cross_entropy(head(inputs), torch.tensor([2, 1, 0])).backward()
    silent = [name for name, weight in head.named_parameters() if not weight.grad.abs().sum() > 0]
    assert silent == []


def test_every_head_runs_in_half_precision(variant, head, inputs):
    """As it trains on a CPU with bfloat16: states and weights of float32 under autocast."""
    wanted = head(inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = head(replace(inputs, states=inputs.states.bfloat16()))
    largest = 30 if variant[1] == "cosine" else 1
    torch.testing.assert_close(logits.float(), wanted, atol=0.02 * largest, rtol=0.02)
    logits.float().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in head.parameters())


def test_a_head_saves_all_that_it_learns(variant, head, inputs, batch):
    with torch.no_grad():
        for weight in head.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    name, classifier = variant
    other = build_head(batch.params(name, classifier=classifier), batch.shape).eval()
    assert not torch.equal(other(inputs), head(inputs))
    other.load_state_dict(head.state_dict())
    assert torch.equal(other(inputs), head(inputs))
