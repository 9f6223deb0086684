"""A head scores what it reads of a row as it scores the whole row."""

from dataclasses import replace

import pytest
import torch

from klue_pipeline.relation.model.heads import HEADS, HeadInputs, build_head
from klue_pipeline.relation.model.heads.readings import READINGS, find_reading


def shorten(inputs, reading):
    """Rows of nothing but what the head reads."""
    taken = reading.take(inputs)
    rows = len(taken)
    return HeadInputs(
        states=taken.reshape(rows, reading.tokens, -1),
        attention_mask=torch.ones(rows, reading.tokens, dtype=torch.int64),
        positions=torch.tensor([reading.positions] * rows),
        type_ids=torch.zeros(rows, 2, dtype=torch.int64),
    )


@pytest.mark.parametrize("classifier", ["linear", "cosine"])
@pytest.mark.parametrize("name", READINGS)
def test_what_a_head_reads_stands_for_the_row(name, classifier, inputs, batch):
    torch.manual_seed(0)
    head = build_head(batch.params(name, classifier=classifier), batch.shape).eval()
    reading = READINGS[name]
    short = shorten(inputs, reading)
    assert short.states.shape == (3, reading.tokens, batch.shape.width)
    torch.testing.assert_close(head(short), head(inputs))


@pytest.mark.parametrize("name", READINGS)
def test_nothing_is_read_that_the_head_does_not_read(name, inputs, batch):
    """Distances between rows would count it."""
    head = build_head(batch.params(name), batch.shape).eval()
    taken = READINGS[name].take(inputs).detach().requires_grad_()
    short = replace(shorten(inputs, READINGS[name]), states=taken.reshape(3, -1, batch.shape.width))
    head(short).sum().backward()
    assert (taken.grad != 0).any(dim=0).all() or name == "entity_start"  # which has a ReLU
    assert taken.grad.reshape(3, -1, batch.shape.width).abs().sum(dim=(0, 2)).min() > 0


@pytest.mark.parametrize("name", sorted(set(HEADS) - set(READINGS)))
def test_heads_that_read_more_are_refused(name):
    message = rf"fixed number of states; head\.name is {name}, choose one of cls, .*entity_start_en"
    with pytest.raises(ValueError, match=message):
        find_reading(name)
