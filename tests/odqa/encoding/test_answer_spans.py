"""Answers as spans of tokens."""

import numpy as np
import pytest

from klue_pipeline.odqa.encoding.answer_spans import locate_answers, spans_in_windows
from klue_pipeline.odqa.encoding.windows import cut_windows, tokenise_pairs

CONTEXT = "  이순신은 1545년 서울에서 태어났다.\\n이순신은 李舜臣이다. 😀 이순신을 기린다."


def places(text):
    return [place for place in range(len(CONTEXT)) if CONTEXT.startswith(text, place)]


def locate(tokenizer, answers, starts, max_tokens=512, stride=0):
    pairs = tokenise_pairs(["누구?"] * len(answers), [CONTEXT] * len(answers), tokenizer, 48)
    spans = locate_answers(answers, starts, pairs)
    windows = cut_windows(pairs, tokenizer, max_tokens, stride)
    return spans, windows, spans_in_windows(spans, windows)


def held_texts(windows, held):
    """What each window holds of each of its answers."""
    window_of = np.repeat(np.arange(len(windows)), np.diff(held.offsets))
    found = [[] for _ in range(len(windows))]
    for window, start, end in zip(window_of, held.starts, held.ends, strict=True):
        first = windows.offsets[window]
        start_char = windows.start_chars[first + start]
        end_char = windows.end_chars[first + end - 1]
        assert windows.passage_starts[window] <= start < end <= windows.passage_ends[window]
        found[window].append(CONTEXT[start_char:end_char])
    return found


@pytest.mark.parametrize("answer", ["이순신", "1545년", "서울", "李舜臣", "😀", "다.\\n이순신은"])
def test_the_smallest_run_of_tokens_that_covers_the_answer(any_tokenizer, answer):
    spans, windows, held = locate(any_tokenizer, [[answer]], [places(answer)[:1]])
    ((text,),) = held_texts(windows, held)
    assert answer in text
    assert spans.is_exact.tolist() == [text == answer]
    first = windows.offsets[0]
    edges = [
        CONTEXT[windows.start_chars[first + token] : windows.end_chars[first + token]]
        for token in (held.starts[0], held.ends[0] - 1)
    ]
    # Without its first or last token the run would miss a part of the answer.
    assert all(set(edge) & set(answer) for edge in edges)


def test_answers_of_a_question_in_their_order_each_once(wordpiece_tokenizer):
    first, second, _ = places("이순신")
    (seoul,) = places("서울")
    answers = ["이순신", "서울", "이순신", "이순신", " 서울"]
    starts = [second, seoul, first, second, seoul - 1]
    spans, windows, held = locate(wordpiece_tokenizer, [[], answers], [[], starts])
    assert spans.pairs.tolist() == [1, 1, 1]
    nothing, texts = held_texts(windows, held)
    assert not nothing
    assert all(answer in text for answer, text in zip(answers, texts, strict=False))
    assert held.starts[2] < held.starts[1] < held.starts[0]


def test_a_window_has_the_answers_that_lie_in_it_wholly(any_tokenizer):
    answers = ["이순신은 1545년 서울에서", "이순신"]
    starts = [places(answers[0])[0], places("이순신")[2]]
    _, whole, _ = locate(any_tokenizer, [answers], [starts])
    max_tokens = len(whole.input_ids) - 8
    spans, windows, held = locate(any_tokenizer, [answers], [starts], max_tokens, stride=4)
    assert len(windows) > 1
    for number, first in enumerate(windows.first_tokens):
        before = windows.passage_starts[number]
        end = first + windows.passage_ends[number] - before
        own = slice(held.offsets[number], held.offsets[number + 1])
        assert list(zip(held.starts[own] - before, held.ends[own] - before, strict=True)) == [
            (start - first, stop - first)
            for start, stop in zip(spans.starts, spans.ends, strict=True)
            if first <= start and stop <= end
        ]
    assert np.diff(held.offsets).max() >= 1


def test_an_answer_of_dropped_characters_is_counted(xlm_roberta_tokenizer):
    context = "가 \x1f 나"
    pairs = tokenise_pairs(["누구?"], [context], xlm_roberta_tokenizer, 48)
    spans = locate_answers([["\x1f", "나"]], [[2, 4]], pairs)
    assert spans.n_lost == 1
    assert len(spans.pairs) == 1
