"""The special tokens around texts, read off what a tokenizer makes of two samples."""

import pytest

from klue_pipeline.training.tokens.frames import derive_frames


def test_a_frame_puts_around_texts_what_the_tokenizer_does(any_tokenizer):
    texts = ["이순신은", "수군을 이끌었다."]
    for frame, given in zip(derive_frames(any_tokenizer), (texts[:1], texts), strict=True):
        ids = [any_tokenizer(text, add_special_tokens=False)["input_ids"] for text in given]
        wanted = any_tokenizer(*given, return_token_type_ids=True)
        wrapped = frame.wrap(ids)
        assert wrapped.ids == wanted["input_ids"]
        assert wrapped.types == wanted["token_type_ids"]
        assert frame.special_tokens == len(wrapped.ids) - sum(map(len, ids))
        last = wanted.sequence_ids(0).index(len(given) - 1)
        assert frame.offset(ids, len(given) - 1) == last


def test_a_tokenizer_that_turns_a_pair_round_is_refused():
    class Encoded(dict):
        def sequence_ids(self, _):
            return [None, 1, None, 0, None]

    turned = Encoded(input_ids=[1, 5, 2, 4, 2], token_type_ids=[0] * 5)
    with pytest.raises(ValueError, match=r"every text in one piece and in this order was wanted"):
        derive_frames(lambda *_, **__: turned)
