"""Particles: a table to check by eye, and every Hangul syllable against its decomposition."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.josa import choose_josa, final_consonant, with_josa

PAIRS = ["은/는", "이/가", "을/를", "와/과", "으로/로", "이나/나", "이라/라", "이/"]
AFTER_CONSONANT = ["은", "이", "을", "과", "으로", "이나", "이라", "이"]
AFTER_VOWEL = ["는", "가", "를", "와", "로", "나", "라", ""]
RIEUL = "\u11af"
SYLLABLES = st.integers(0xAC00, 0xD7A3).map(chr)


def test_all_11172_syllables():
    """Unicode's decomposition names the final consonant: a third letter, if there is one."""
    for syllable in map(chr, range(0xAC00, 0xD7A4)):
        letters = unicodedata.normalize("NFD", syllable)
        assert choose_josa(syllable, "은/는") == ("은" if len(letters) == 3 else "는")
        wants_eu = len(letters) == 3 and letters[-1] != RIEUL
        assert choose_josa(syllable, "으로/로") == ("으로" if wants_eu else "로")


@given(SYLLABLES, st.text(max_size=5), st.sampled_from(range(len(PAIRS))))
def test_the_last_syllable_decides_whatever_stands_before_it(syllable, before, place):
    letters = unicodedata.normalize("NFD", syllable)
    has_final = len(letters) == 3
    if PAIRS[place] == "으로/로" and letters[-1] == RIEUL:
        has_final = False
    wanted = (AFTER_CONSONANT if has_final else AFTER_VOWEL)[place]
    assert choose_josa(before + syllable, PAIRS[place]) == wanted
    assert with_josa(before + syllable, PAIRS[place]) == before + syllable + wanted


@pytest.mark.parametrize(
    "sentence",
    [
        "이순신은 세종과 신사임당을",
        "카카오는 네이버와 배우를",
        "서울로 부산으로 제주로 수원으로 물로",
        # digits, read one by one: 일 칠 팔 end in ㄹ; 영 삼 육 in others; 이 사 오 구 in none
        "0은 1은 2는 3은 4는 5는 6은 7은 8은 9는",
        "0으로 1로 2로 3으로 4로 5로 6으로 7로 8로 9로",
        "2021과 2022와 10을 100으로",
        # single capitals by name: 엘 엠 엔 알, all others end in a vowel
        "SM을 LG를 KBS와 MBC와 FIFA가 CNN이 UN과 HTML로 GDR로 CIM으로",
        # words in small letters by a rule of thumb
        "Samsung과 Google이 Google로 Boston으로 Apple로 iPhone을 team과 Naver가 Kakao와",
        # closing marks are looked through
        "《토지》를 '서울'로 “부산”으로 (주)다온을 다온(주)를 「한글」은 카카오.를",
        "SM[12]는 〈봄날〉로",
        # other scripts have no reading here
        "鄭海仁는 李舜臣와 東京로",
    ],
)
def test_words_by_eye(sentence):
    forms = dict(zip(AFTER_CONSONANT, PAIRS, strict=True)) | dict(
        zip(AFTER_VOWEL, PAIRS, strict=True)
    )
    for written in sentence.split():
        # 으로 before 로, so that the longest particle is taken off
        particle = next(p for p in sorted(forms, key=len, reverse=True) if written.endswith(p))
        word = written.removesuffix(particle)
        assert with_josa(word, forms[particle]) == written


def test_the_reader_above_tells_wrong_from_right():
    with pytest.raises(AssertionError):
        test_words_by_eye("카카오은")


@pytest.mark.parametrize(
    ("word", "final"),
    [
        ("", ""),
        ("   ", ""),
        ("?!", ""),
        ("한글 ", "ㄹ"),
        ("한글\u3000\n", "ㄹ"),
        ("ㄱ", ""),
        ("あ", ""),
        ("😀", ""),
        ("값", "ㅇ"),
    ],
)
def test_words_that_are_hardly_words(word, final):
    assert final_consonant(word) == final


@given(st.text())
def test_any_text_gets_one_of_the_two_forms(word):
    for place, pair in enumerate(PAIRS):
        assert choose_josa(word, pair) in (AFTER_CONSONANT[place], AFTER_VOWEL[place])


def test_an_unknown_pair_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'은는'; known pairs are 은/는, 이/가"):
        choose_josa("서울", "은는")
