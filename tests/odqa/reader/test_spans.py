"""The best spans of windows and the sum over all, against plain loops over all spans."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.reader.spans import mark_tokens, score_spans


def every_span(logits, may_start, may_end, max_answer_tokens):
    """All spans of one window that may be answers: (score, start, end)."""
    spans = []
    for start in range(len(logits)):
        for end in range(start + 1, len(logits) + 1):
            legal = may_start[start] and may_end[end - 1] and end - start <= max_answer_tokens
            if legal:
                spans.append((float(logits[start, 0] + logits[end - 1, 1]), start, end))
    return sorted(spans, key=lambda span: (-span[0], span[1], span[2]))


@st.composite
def batches(draw):
    batch, tokens = draw(st.integers(1, 4)), draw(st.integers(1, 14))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = chance.normal(scale=3, size=(batch, tokens, 2))
    if draw(st.booleans()):  # as coarse as bfloat16: many equal sums
        logits = logits.round()
    masks = chance.random((2, batch, tokens + draw(st.integers(0, 3)))) < draw(st.floats(0, 1))
    return logits.astype(np.float32), *masks


@given(batches(), st.integers(1, 16), st.integers(1, 30))
@settings(deadline=None, max_examples=150)
def test_the_best_spans_and_their_sum_are_those_of_a_loop_over_all(
    batch, max_answer_tokens, n_best
):
    logits, may_start, may_end = batch
    found = score_spans(*map(torch.from_numpy, batch), max_answer_tokens, n_best)
    assert found.scores.shape == (len(logits), n_best)
    for row in range(len(logits)):
        wanted = every_span(logits[row], may_start[row], may_end[row], max_answer_tokens)
        kept = torch.isfinite(found.scores[row])
        best = zip(found.starts[row][kept], found.ends[row][kept], strict=True)
        assert [tuple(map(int, span)) for span in best] == [span[1:] for span in wanted[:n_best]]
        np.testing.assert_allclose(
            found.scores[row][kept], [span[0] for span in wanted[:n_best]], rtol=1e-6
        )
        total = math.log(sum(math.exp(span[0]) for span in wanted)) if wanted else -math.inf
        assert float(found.log_totals[row]) == pytest.approx(total, abs=1e-4)
        assert float(found.no_answers[row]) == pytest.approx(float(logits[row, 0].sum()), rel=1e-6)


def test_padding_of_a_batch_changes_nothing():
    logits = torch.zeros(1, 5, 2)
    may = torch.tensor([[False, True, True, True, False]])
    alone = score_spans(logits, may, may, 3, 4)
    width = (0, 0, 0, 40)
    padded = score_spans(
        torch.nn.functional.pad(logits, width, value=9.0),
        torch.nn.functional.pad(may, width[2:]),
        torch.nn.functional.pad(may, width[2:]),
        3,
        4,
    )
    assert alone.starts.tolist() == padded.starts.tolist() == [[1, 1, 1, 2]]
    assert alone.ends.tolist() == padded.ends.tolist() == [[2, 3, 4, 3]]
    assert alone.log_totals.item() == pytest.approx(math.log(6))
    assert padded.log_totals.item() == pytest.approx(math.log(6))


def test_over_no_answer_takes_the_windows_own_no_answer_off():
    logits = torch.tensor([[[2.0, 1.0], [5.0, 4.0]], [[7.0, 8.0], [5.0, 4.0]]])
    may = torch.tensor([[False, True], [False, True]])
    found = score_spans(logits, may, may, 2, 1).over_no_answer()
    assert found.scores.tolist() == [[6.0], [-6.0]]
    assert found.log_totals.tolist() == [6.0, -6.0]


def test_blank_tokens_and_what_is_outside_the_borders_are_not_marked():
    offsets = np.array([0, 4, 10])
    has_characters = np.array([1, 1, 1, 1, 1, 1, 0, 1, 1, 1], dtype=bool)
    marked = mark_tokens(offsets, np.array([1, 1]), np.array([9, 4]), has_characters)
    assert marked.astype(int).tolist() == [[0, 1, 1, 1, 0, 0], [0, 1, 0, 1, 0, 0]]
    assert mark_tokens(offsets[:1], offsets[:0], offsets[:0], has_characters).shape == (0, 0)
