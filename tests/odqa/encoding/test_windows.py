"""Pairs as windows, for the tokenizers of all families."""

import unicodedata

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.encoding.windows import encode_windows
from klue_pipeline.text.blanks import blank_out_breaks, without_blanks

QUESTION = "이순신과 수군의 관계는?"
PLAIN = "이순신은 조선의 무신이다."
ODD = "  李舜臣은 😀 1969년\\n조선의  수군을 \tⅣ 이끌었다.\n서울 [SEP] </s> <mask> ㈜새벽당 "
LOOSE = unicodedata.normalize("NFD", "이순신은 수군을 이끌었다.")

# Written breaks, blanks, what a tokenizer drops, emoji, Hanja, loose letters, and any other.
PIECES = [*"이순신은조선 의\n\t#@(", "\\n", "😀", "李", "\x1f", "\u200b", "㈜", LOOSE[:4]]
texts = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=12).map("".join)


def encode(tokenizer, questions, contexts, max_tokens=512, longest=48, stride=0):
    return encode_windows(questions, contexts, tokenizer, max_tokens, longest, stride)


def rows(windows, values):
    return [part.tolist() for part in np.split(values, windows.offsets[1:-1])]


def token_texts(windows, context):
    """What each token of a single window holds of its passage."""
    places = zip(windows.start_chars, windows.end_chars, strict=True)
    return [context[start:end] for start, end in places]


@pytest.mark.parametrize("context", [PLAIN, ODD, LOOSE], ids=["plain", "odd", "loose_letters"])
def test_a_short_pair_is_what_the_tokenizer_makes_of_it(any_tokenizer, context):
    windows = encode(any_tokenizer, [QUESTION], [context])
    wanted = any_tokenizer(
        QUESTION, blank_out_breaks(context), split_special_tokens=True, return_token_type_ids=True
    )
    assert rows(windows, windows.input_ids) == [wanted["input_ids"]]
    if any(wanted["token_type_ids"]):
        assert windows.token_type_ids.tolist() == wanted["token_type_ids"]
    else:
        assert windows.token_type_ids is None
    own = [place for place, origin in enumerate(wanted.sequence_ids()) if origin == 1]
    assert windows.passage_starts.tolist() == windows.owned_starts.tolist() == own[:1]
    assert windows.passage_ends.tolist() == windows.owned_ends.tolist() == [own[-1] + 1]


def test_long_passages_are_cut_as_transformers_cuts_them(any_tokenizer):
    contexts = [" ".join([PLAIN] * 20), " ".join([LOOSE] * 12)]
    windows = encode(any_tokenizer, [QUESTION, "누구?"], contexts, max_tokens=50, stride=7)
    wanted = any_tokenizer(
        [QUESTION, "누구?"],
        contexts,
        truncation="only_second",
        max_length=50,
        stride=7,
        return_overflowing_tokens=True,
    )
    assert len(windows) > 4
    assert rows(windows, windows.input_ids) == wanted["input_ids"]
    assert windows.pairs.tolist() == wanted["overflow_to_sample_mapping"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_tokens_hold_every_letter_and_no_blank_around_it(any_tokenizer, text):
    windows = encode(any_tokenizer, [QUESTION], [text])
    held = token_texts(windows, text)
    assert not any(held[: windows.passage_starts[0]] + held[windows.passage_ends[0] :])
    assert all(without_blanks(part[0] + part[-1]) == part[0] + part[-1] for part in held if part)
    is_full = windows.end_chars > windows.start_chars
    starts, ends = windows.start_chars[is_full], windows.end_chars[is_full]
    assert (np.diff(starts) >= 0).all()
    assert (np.diff(ends) >= 0).all()
    covered = {char for start, end in zip(starts, ends, strict=True) for char in range(start, end)}
    letters = (place for place, char in enumerate(blank_out_breaks(text)) if char.isalnum())
    assert covered.issuperset(letters)


def test_blanks_and_written_breaks_are_of_no_token(xlm_roberta_tokenizer):
    context = "가 나\\n\\n다\t "
    windows = encode(xlm_roberta_tokenizer, ["누구?"], [context])
    held = token_texts(windows, context)
    assert "".join(held) == "가나다"
    assert {"가", "나", "다"} <= set(held)


def test_the_rest_of_a_long_question_is_left_out(any_tokenizer):
    windows = encode(any_tokenizer, [QUESTION * 9, ""], [PLAIN] * 2, longest=5)
    whole = any_tokenizer(QUESTION * 9, add_special_tokens=False)["input_ids"]
    assert rows(windows, windows.input_ids)[0][1:6] == whole[:5]
    assert windows.passage_starts[0] == windows.passage_starts[1] + 5


def test_passages_without_a_token_have_a_window(any_tokenizer):
    windows = encode(any_tokenizer, [QUESTION] * 2, ["", " \\n "])
    assert windows.pairs.tolist() == [0, 1]
    assert (windows.end_chars <= windows.start_chars).all()
    assert len(encode(any_tokenizer, [], [])) == 0


def test_a_question_that_leaves_no_room_is_refused(any_tokenizer):
    beside = len(encode(any_tokenizer, [QUESTION], [""]).input_ids)
    encode(any_tokenizer, [QUESTION], [PLAIN], max_tokens=beside + 3, stride=2)
    with pytest.raises(ValueError, match=r"Raise training\.max_tokens, or lower reader\.stride"):
        encode(any_tokenizer, [QUESTION], [PLAIN], max_tokens=beside + 2, stride=2)
