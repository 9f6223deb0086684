"""What each tokenizer makes of a text, and that texts do not depend on each other."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.tokens.tokenizers import TOKENIZERS, plain, tokenise

NFD = unicodedata.normalize("NFD", "이순신은 왔다")


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("whitespace", "A팀은\\n\\n 이겼다.", ["a팀은", "이겼다."]),
        ("whitespace", NFD, ["이순신은", "왔다"]),
        ("kiwi", "B팀이 이겼다.", ["b", "팀", "이", "이기", "었", "다", "."]),
        ("kiwi_content", "B팀이 아름답게 이겼다.", ["b", "팀", "아름답", "이기"]),
        ("kiwi_content", "", []),
        ("character_bigram", "조선 왕, 김", ["조선", "왕", "김"]),
        ("character_bigram", "조선의\\n무신", ["조선", "선의", "무신"]),
        ("character_bigram", NFD, ["이순", "순신", "신은", "왔다"]),
        ("character_bigram", "?!", []),
    ],
)
def test_by_eye(name, text, wanted):
    assert next(tokenise([text], name)) == wanted


def test_wordpieces_come_without_what_the_vocabulary_cannot_spell(wordpiece_tokenizer):
    texts = ["이순신은 조선의 무신이다.", "", "☃ 조선"] * 100
    found = list(tokenise(texts, "wordpiece", wordpiece_tokenizer))
    assert len(found) == 300
    assert "".join(found[0]).replace("##", "") == "이순신은조선의무신이다."
    assert found[1] == []
    assert wordpiece_tokenizer.unk_token not in found[2]


def test_wordpiece_needs_a_tokenizer():
    with pytest.raises(ValueError, match="found none"):
        tokenise(["가"], "wordpiece")


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_every_text_has_its_tokens_and_none_is_empty(texts):
    for name in TOKENIZERS.keys() - {"wordpiece", "kiwi", "kiwi_content"}:
        found = list(tokenise(texts, name))
        assert found == [next(tokenise([text], name)) for text in texts]
        assert all(token and token == token.strip() for tokens in found for token in tokens)
        assert plain(plain(texts[0])) == plain(texts[0])
