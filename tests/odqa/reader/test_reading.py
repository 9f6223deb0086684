"""Pairs of a question and a text: their best spans, against a plain loop over windows and spans."""

import numpy as np
import pytest
import torch

from klue_pipeline.odqa.encoding.windows import encode_windows
from klue_pipeline.odqa.reader.reading import read_pairs

LONG = (
    "〈Something〉는 조지 해리슨이 쓰고 1969년 앨범 《Abbey Road》에 담은 노래다. 서울에서 만났다. "
    * 3
)
QUESTIONS = [
    "수군을 이끈 사람은 누구입니까?",
    "노래를 쓴 사람은?",
    "李舜臣은?",
    "노래를 쓴 사람은?",
]
CONTEXTS = ["이순신은 조선의 무신이다.", LONG, "李舜臣은 1㎞  조선의\\n무신이다.", " \n "]
HOW = {"precision": "fp32", "span_score": "logits", "max_answer_tokens": 6, "n_best": 5}


def read(model, tokenizer, questions, contexts, **changed):
    how = {"batch_size": 4, **HOW, **changed}
    return read_pairs(model, tokenizer, model.reader_config, questions, contexts, **how)


def spans_of(found, pair):
    here = found.pairs == pair
    places = zip(found.start_chars[here].tolist(), found.end_chars[here].tolist(), strict=True)
    return dict(zip(places, found.logits[here], strict=True))


def every_place(model, tokenizer, question, context, over_no_answer):
    """Score all spans of a pair, window by window without padding: place in the text -> scores."""
    config = model.reader_config
    windows = encode_windows(
        [question], [context], tokenizer, config.max_tokens, config.reader.max_question_tokens,
        config.reader.stride,
    )  # fmt: skip
    places = {}
    for window in range(len(windows)):
        tokens = slice(windows.offsets[window], windows.offsets[window + 1])
        starts, ends = windows.start_chars[tokens], windows.end_chars[tokens]
        ids = torch.tensor(windows.input_ids[tokens][None].astype(np.int64))
        logits = model(ids, torch.ones_like(ids), **segments(windows, tokens))[0].detach().numpy()
        base = logits[0].sum() if over_no_answer else 0.0
        firsts, lasts = {}, {}  # of each place: several tokens may be one character
        for token in np.flatnonzero(starts < ends).tolist():
            firsts.setdefault(int(starts[token]), token)
            lasts[int(ends[token])] = token
        for start, first in firsts.items():
            for end, last in lasts.items():
                owned = windows.owned_starts[window] <= first < windows.owned_ends[window]
                if owned and first <= last < first + 6:
                    assert (start, end) not in places
                    places[start, end] = logits[first, 0] + logits[last, 1] - base
    return places, len(windows)


def segments(windows, tokens):
    if windows.token_type_ids is None:
        return {}
    return {"token_type_ids": torch.tensor(windows.token_type_ids[tokens][None].astype(np.int64))}


@pytest.mark.parametrize("family", ["wordpiece", "xlm_roberta", "byte_level"])
@pytest.mark.parametrize(("batch_size", "span_score"), [(1, "over_no_answer"), (64, "logits")])
def test_the_best_places_are_those_of_a_loop(request, make_reader, family, batch_size, span_score):
    """Every place in the text once, though a character may be several tokens."""
    tokenizer = request.getfixturevalue(f"{family}_tokenizer")
    model = make_reader(tokenizer)
    found = read(model, tokenizer, QUESTIONS, CONTEXTS, batch_size=batch_size,
                 span_score=span_score)  # fmt: skip
    for pair, (question, context) in enumerate(zip(QUESTIONS, CONTEXTS, strict=True)):
        places, n_windows = every_place(
            model, tokenizer, question, context, span_score == "over_no_answer"
        )
        assert n_windows > 1 or context != LONG
        best = sorted(places.values(), reverse=True)[:5]
        mine = spans_of(found, pair)
        assert list(mine.values()) == pytest.approx(best, abs=1e-4)
        assert all(places[place] == pytest.approx(mine[place], abs=1e-4) for place in mine)
        total = np.logaddexp.reduce([*places.values()]) if places else -np.inf
        assert found.log_totals[pair] == pytest.approx(total, abs=1e-4)
    assert found.log_totals[3] == -np.inf  # blanks alone


def test_no_span_comes_from_the_question(make_reader, wordpiece_tokenizer, monkeypatch):
    """The question holds the very answer, and the model is sure of it."""
    model = make_reader(wordpiece_tokenizer)

    def prefer_the_question(input_ids, attention_mask, token_type_ids):
        scores = torch.where(token_type_ids == 0, 50.0, torch.arange(input_ids.shape[1]) / 100)
        return scores[:, :, None].repeat(1, 1, 2)

    monkeypatch.setattr(model, "forward", prefer_the_question)
    question, context = "조지 해리슨이 쓴 노래는 〈Something〉입니까?", "조지 해리슨이 쓴 노래"
    found = read(model, wordpiece_tokenizer, [question], [context])
    assert found.logits.max() < 10
    assert (found.end_chars <= len(context)).all()


def test_a_character_of_several_tokens_is_one_place(make_reader, byte_level_tokenizer):
    model, tokenizer = make_reader(byte_level_tokenizer), byte_level_tokenizer
    found = read(model, tokenizer, ["누구?"], ["한"], n_best=20)
    assert len(tokenizer("한", add_special_tokens=False)["input_ids"]) > 1
    assert list(spans_of(found, 0)) == [(0, 1)]
    assert found.log_totals[0] == pytest.approx(found.logits[0], abs=1e-5)


def test_nothing_to_read_gives_nothing(make_reader, wordpiece_tokenizer):
    found = read(make_reader(wordpiece_tokenizer), wordpiece_tokenizer, [], [])
    assert not len(found.pairs)
    assert found.log_totals.shape == (0,)


def test_scores_that_are_no_numbers_are_refused(make_reader, wordpiece_tokenizer):
    model = make_reader(wordpiece_tokenizer)
    torch.nn.init.constant_(model.head.output.bias, torch.nan)
    with pytest.raises(ValueError, match=r"scores of 1 of 1 windows are not finite.*diverged"):
        read(model, wordpiece_tokenizer, QUESTIONS[:1], CONTEXTS[:1])
