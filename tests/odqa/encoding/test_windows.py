"""Pairs as windows, for the tokenizers of all families."""

import unicodedata

import pytest

from klue_pipeline.odqa.encoding.windows import encode_windows

QUESTION = "이순신과 수군의 관계는?"
CONTEXTS = [
    "이순신은 조선의 무신이다.",
    "  李舜臣은 😀 1969년\\n조선의  수군을 \tⅣ 이끌었다.\n서울 [SEP] </s> <mask> ㈜새벽당 ",
    unicodedata.normalize("NFD", "이순신은 수군을 이끌었다."),
    " \\n ",
]


def encode(tokenizer, questions, contexts, max_tokens=512, longest=48, stride=0):
    return encode_windows(questions, contexts, tokenizer, max_tokens, longest, stride)


def rows(windows, values):
    return [
        values[a:b].tolist() for a, b in zip(windows.offsets, windows.offsets[1:], strict=False)
    ]


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_short_pair_is_what_the_tokenizer_makes_of_it(any_tokenizer, context):
    windows = encode(any_tokenizer, [QUESTION], [context])
    wanted = any_tokenizer(QUESTION, context, split_special_tokens=True, return_token_type_ids=True)
    assert rows(windows, windows.input_ids) == [wanted["input_ids"]]
    if any(wanted["token_type_ids"]):
        assert windows.token_type_ids.tolist() == wanted["token_type_ids"]
    else:
        assert windows.token_type_ids is None
    own = [place for place, origin in enumerate(wanted.sequence_ids()) if origin == 1]
    assert windows.passage_starts.tolist() == windows.owned_starts.tolist() == own[:1]
    assert windows.passage_ends.tolist() == windows.owned_ends.tolist() == [own[-1] + 1]


def test_long_passages_are_cut_as_transformers_cuts_them(any_tokenizer):
    context = " ".join([CONTEXTS[0]] * 9)
    windows = encode(any_tokenizer, [QUESTION, "누구?"], [context] * 2, max_tokens=48, stride=7)
    wanted = any_tokenizer(
        [QUESTION, "누구?"],
        [context] * 2,
        truncation="only_second",
        max_length=48,
        stride=7,
        return_overflowing_tokens=True,
    )
    assert rows(windows, windows.input_ids) == wanted["input_ids"]
    assert windows.pairs.tolist() == wanted["overflow_to_sample_mapping"]
