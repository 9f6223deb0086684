"""The best spans of windows and the sum over all, against plain loops over all spans."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.reader.spans import mark_answer_tokens, score_spans


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


def test_answers_begin_and_end_with_characters_of_their_own():
    """Neither with a blank or outside the borders, nor within the bytes of one character."""
    tokens = [  # window, first character and end, may start, may end
        (0, 0, 0, 0, 0), (0, 0, 3, 1, 1), (0, 3, 4, 0, 1), (0, 0, 0, 0, 0),
        (1, 0, 0, 0, 0), (1, 0, 2, 0, 1), (1, 2, 2, 0, 0), (1, 2, 5, 1, 0), (1, 2, 5, 0, 1),
        (1, 5, 6, 1, 0), (1, 0, 0, 0, 0),
    ]  # fmt: skip
    window, starts, ends, may_start, may_end = np.array(tokens).T
    marked = mark_answer_tokens(
        np.array([0, 4, 11]),
        chars=(starts, ends),
        passage=(np.array([1, 1]), np.array([3, 5])),
        owned=(np.array([1, 2]), np.array([2, 9])),
    )
    assert marked.may_start.shape == (2, 7)
    inside = np.arange(7) < np.bincount(window)[:, None]
    assert marked.may_start[inside].astype(int).tolist() == may_start.tolist()
    assert marked.may_end[inside].astype(int).tolist() == may_end.tolist()
    assert not marked.may_start[~inside].any()


def test_no_windows_have_no_tokens():
    none = np.zeros(0, dtype=np.int64)
    marked = mark_answer_tokens(np.zeros(1, np.int64), (none, none), (none, none), (none, none))
    assert marked.may_start.shape == marked.may_end.shape == (0, 0)
