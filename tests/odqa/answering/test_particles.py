"""Particles cut off, marks mended: by hand, and what holds for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.answering.particles import take_apart


def trim(text, answer):
    start = text.index(answer)
    (parts,) = take_apart([text])
    start, end = parts.trim(start, start + len(answer))
    return text[start:end]


@pytest.mark.parametrize(
    ("text", "answer", "wanted"),
    [
        ("이순신은 서울에서는 살지 않았다.", "서울에서는", "서울"),
        # A token may end within a particle.
        ("이순신은 서울에서는 살지 않았다.", "서울에", "서울"),
        ("그는 조선의 무신이었다.", "조선의 무신이었다.", "조선의 무신"),
        ("그 책은 토지라는 소설이다.", "토지라는", "토지"),
        # A copula that has melted with its ending.
        ("의사인 그는 부산에 산다.", "의사인", "의사"),
        ("그는 교수였다.", "교수였다", "교수"),
        # Endings are none, nor what only looks like a particle.
        ("나라에서 병사가 싸웠기 때문에 이겼다.", "병사가 싸웠", "병사가 싸웠"),
        ("참기름과 고구마를 먹었다.", "고구마", "고구마"),
        ("바다로 가는 길", "바다로 가는 길", "바다로 가는 길"),
        # 난 is 나 with a particle that has no character of its own.
        ("그리고 난 집에 갔다.", "난", "난"),
        ("그는 은을 캤다.", "은을", "은"),
        # Nothing else would stay.
        ("조선은 망했다.", "은", "은"),
        # The end of a title stays, what stands behind it goes.
        ("소설 《백설공주에게 죽음을》은 길다.", "백설공주에게 죽음을", "백설공주에게 죽음을"),
        ("소설 《행복을 찾아서》는 길다.", "《행복을 찾아서》는", "《행복을 찾아서》"),
        ("노래 '너에게로'를 불렀다.", "'너에게로'를", "'너에게로'"),
        # Half a pair becomes a whole one, or none.
        ("소설 《경영의 실제》는 길다.", "《경영의 실제", "《경영의 실제》"),
        ("소설 《경영의 실제》는 길다.", "경영의 실제》는", "《경영의 실제》"),
        ("소설 《경영의 실제》는 길다.", "실제》는", "실제"),
        ("소설 《경영의 실제》는 길다.", "소설 《", "소설"),
        ("왕(王)이 죽었다.", "왕(王", "왕(王)"),
        ("거란(1993년)에서", "(1993년", "1993년"),
        ("거란(1993년)에서", "1993년)에서", "1993년"),
        ("거란(1993년)에서", "거란(1993년)에서", "거란(1993년)"),
        ("It's 5' long.", "It's", "It's"),
        # Line breaks may be written as two characters, of which a token may hold one.
        ("끝났다.\\n서울은 크다.", "\\n서울은", "서울"),
        ("끝났다.\\n서울은 크다.", "n서울은", "서울"),
        ("사람은 서울\\n부산", "서울\\", "서울"),
        ("😀 𠮷野家에서 먹었다.", "𠮷野家에서", "𠮷野家"),
    ],
)  # fmt: skip
def test_answers_by_hand(text, answer, wanted):
    assert trim(text, answer) == wanted


PIECES = st.sampled_from(
    ["서울", "은", "에서", "《", "》", "'", '"', "(", ")", " ", "\\n", "였다", ".", "😀", "𠮷",
     "漢字", "토지", "의", "라는", "「", "」", "1993년", "It's", "난", ",", "“", "”"]
)  # fmt: skip
MARKS = set("《》'\"()「」“”")


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=25).map("".join), st.data())
def test_what_holds_for_any_text(text, data):
    (parts,) = take_apart([text])
    for _ in range(8):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        new_start, new_end = parts.trim(start, end)
        assert 0 <= new_start < new_end <= len(text)
        assert set(text[new_start:start]) <= MARKS
        assert set(text[end:new_end]) <= MARKS
        assert parts.trim(new_start, new_end) == (new_start, new_end)
