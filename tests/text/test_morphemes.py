"""Morphemes and their places, checked by eye and on random text against what has to hold."""

import multiprocessing
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.text.morphemes import Morpheme, analyse, separate

PIECES = [
    "학교", "에서", "갔다", "승리했다", "이순신", "은", "각각", "학생이다", "학교다", "ㅋㅋ",
    "아름다운", "😀", "👍🏽", "👨\u200d👩\u200d👧", "🇰🇷", "1️⃣", "𠮷野", "李舜臣", "𝒜𝒷", "e\u0301",
    "\u1112\u1161\u11ab", "\u200b", "“", "”", "《", "》", "(", ")", "'", ".", ",", "#", "@",
    "1,200", "www.a.kr", " ", " ", "  ", "\t", "\u3000",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=15).map("".join),
    st.text(st.characters(), max_size=20),  # lone surrogates among them
)


def only(text):
    return next(analyse([text]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        (" \n", ""),
        ("이순신은 왔다.", "이순신/NNP:이순신 은/JX:은 오/VV:왔 었/EP:왔 다/EF:다 ./SF:."),
        ("국회의원을", "국회/NNG:국회 의원/NNG:의원 을/JKO:을"),
        # Kiwi calls it VA-I: irregular.
        ("아름다운 노래", "아름답/VA:아름다운 은/ETM:운 노래/NNG:노래"),
    ],
)
def test_by_eye(text, wanted):
    found = [f"{form}/{tag}:{text[start:end]}" for form, tag, start, end, _ in only(text)]
    assert " ".join(found) == wanted


@pytest.mark.parametrize(
    "before", ["", "😀 ", "👨\u200d👩\u200d👧, ", "𠮷野 ", "李舜臣 ", "🇰🇷 𝒜 ", "\ud800 "]
)
def test_places_count_code_points_whatever_stands_before(before):
    """UTF-16 has two units for an emoji, so counting those would shift everything behind."""
    text = f"{before}그는 학교에서 노래했다."
    spelled = {form: text[start:end] for form, _, start, end, _ in only(text)}
    assert [spelled[form] for form in ("학교", "에서", "노래", "하", "다", ".")] == [
        "학교", "에서", "노래", "했", "다", ".",
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text(texts):
    for text, morphemes in zip(texts, analyse(texts), strict=True):
        assert morphemes == only(text)
        starts = [morpheme.start_char for morpheme in morphemes]
        assert starts == sorted(starts)
        assert all(0 <= m.start_char <= m.end_char <= len(text) for m in morphemes)
        covered = {place for m in morphemes for place in range(m.start_char, m.end_char)}
        letters = {place for place, letter in enumerate(text) if "가" <= letter <= "힣"}
        assert letters <= covered


@settings(deadline=None)
@given(TEXTS)
def test_separate_morphemes_share_nothing(text):
    morphemes = only(text)
    for morpheme in separate(text, morphemes):
        start, end = morpheme.start_char, morpheme.end_char
        assert text[start:end] == morpheme.form
        others = [other for other in morphemes if other is not morpheme]
        assert not any(other.start_char < end and start < other.end_char for other in others)
        assert not any(other.start_char == other.end_char == end for other in others)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("그녀는 학교에 갔다", "그녀 는 학교 에 다"),
        ("승리했다", "승리 다"),
        ("난 학생", "학생"),
    ],
)
def test_what_melts_together_is_not_separate(text, wanted):
    assert [morpheme.form for morpheme in separate(text, only(text))] == wanted.split()


def test_a_noun_before_an_unwritten_copula_is_not_separate():
    morphemes = [
        Morpheme("학교", "NNG", 0, 2),
        Morpheme("이", "VCP", 2, 2),
        Morpheme("다", "EF", 2, 3),
    ]
    assert separate("학교다", morphemes) == morphemes[2:]


def test_long_before_a_later_morpheme_counts():
    """A first morpheme may reach over several others."""
    morphemes = [
        Morpheme("가나다", "W", 0, 3),
        Morpheme("나", "NNG", 1, 2),
        Morpheme("다", "NNG", 2, 3),
    ]
    assert separate("가나다", morphemes) == []


def test_words_that_no_dictionary_has_are_guesses():
    assert [morpheme.is_guess for morpheme in only("프리미")] == [True]
    assert not any(morpheme.is_guess for morpheme in only("이순신은 학교에 갔다."))


def test_texts_are_read_when_their_turn_comes():
    def endless():
        while True:
            yield "학교에 갔다."

    found = analyse(endless())
    assert next(found) == next(found)


def test_a_forked_process_can_go_on():
    """Its parent's analyser would wait for ever for threads that were not forked along."""
    wanted = only("학교에 갔다.")
    process = multiprocessing.get_context("fork").Process(
        target=lambda: sys.exit(only("학교에 갔다.") != wanted)
    )
    process.start()
    process.join(timeout=60)
    hung = process.is_alive()
    process.kill()
    process.join()
    assert not hung
    assert process.exitcode == 0
