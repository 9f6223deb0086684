"""Vectors of places, spans and rows, against plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.model.heads import HeadInputs
from klue_pipeline.relation.model.heads.interface import OBJECT_SPAN, SUBJECT_SPAN
from klue_pipeline.relation.model.heads.pooling import mean_of, mean_of_span, take_tokens

STATES = torch.arange(24.0).reshape(2, 4, 3)


def inputs_with(positions, states=STATES):
    rows, tokens, _ = states.shape
    return HeadInputs(
        states, torch.ones(rows, tokens), torch.tensor(positions), torch.zeros(rows, 2)
    )


def test_tokens_of_each_row_side_by_side():
    taken = take_tokens(STATES, torch.tensor([[3, 0], [1, 1]]))
    assert taken.tolist() == [[9, 10, 11, 0, 1, 2], [15, 16, 17, 15, 16, 17]]


def test_the_mean_of_a_span_has_both_its_ends():
    inputs = inputs_with([[1, 3, 3, 4], [0, 4, 0, 1]])
    assert mean_of_span(inputs, SUBJECT_SPAN).tolist() == [[4.5, 5.5, 6.5], [16.5, 17.5, 18.5]]
    assert mean_of_span(inputs, OBJECT_SPAN).tolist() == [[9, 10, 11], [12, 13, 14]]


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.integers(0, 2**32 - 1))
def test_any_span_by_a_loop(positions, seed):
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
