"""What heads read, against plain loops, and that a head scores it as it scores the whole row."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.model.heads import HEADS, HeadInputs, build_head
from klue_pipeline.relation.model.heads.interface import OBJECT_SPAN, SUBJECT_SPAN
from klue_pipeline.relation.model.heads.readings import (
    READINGS,
    find_reading,
    mean_of,
    mean_of_span,
)

STATES = torch.arange(24.0).reshape(2, 4, 3)


def inputs_with(positions, states):
    rows, tokens, _ = states.shape
    return HeadInputs(
        states, torch.ones(rows, tokens), torch.tensor(positions), torch.zeros(rows, 2)
    )


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.integers(0, 2**32 - 1))
def test_the_mean_of_any_span_by_a_loop(positions, seed):
    states = torch.randn(1, 9, 3, generator=torch.Generator().manual_seed(seed))
    inputs = inputs_with([positions], states)
    for span in (SUBJECT_SPAN, OBJECT_SPAN):
        start, end = (positions[column] for column in span)
        rows = states[0, start:end].numpy()
        wanted = rows.mean(axis=0) if len(rows) else np.zeros(3)
        np.testing.assert_allclose(mean_of_span(inputs, span)[0], wanted, atol=1e-6)


def test_an_empty_span_is_zero_and_so_is_its_gradient():
    states = STATES.clone().requires_grad_()
    pooled = mean_of_span(inputs_with([[0, 0, 2, 2], [3, 1, 4, 4]], states), SUBJECT_SPAN)
    assert pooled.tolist() == [[0, 0, 0], [0, 0, 0]]
    pooled.sum().backward()
    assert torch.equal(states.grad, torch.zeros_like(states))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_long_rows_of_half_precision_neither_overflow_nor_lose_digits(dtype):
    states = torch.full((1, 512, 2), 200.0, dtype=dtype)  # the sum is beyond float16
    states[0, -1] = 712
    wanted = torch.tensor([[201.0, 201.0]])
    torch.testing.assert_close(mean_of(states, torch.ones(1, 512)), wanted)


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


def test_entity_start_end_reads_the_first_token_of_a_row_without_marks(inputs, batch):
    """Its ends are 0, and the place before them would be the last one, which may be padding."""
    head = build_head(batch.params("entity_start_end", dropout=0.0), batch.shape)
    head(replace(inputs, positions=torch.zeros_like(inputs.positions))).sum().backward()
    assert read_tokens(inputs.states) == [{0}, {0}, {0}]


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
