"""Particles: a table to check by eye, and every Hangul syllable against its decomposition."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.josa import (
    choose_josa,
    final_consonant,
    find_josa,
    refit_josa,
    with_josa,
)

# Pair, its form after a consonant, after a vowel; the longer ones with what may follow them.
TABLE = [
    ("은/는", "은", "는"),
    ("이/가", "이", "가"),
    ("을/를", "을", "를"),
    ("와/과", "과", "와"),
    ("으로/로", "으로", "로"),
    ("이나/나", "이나", "나"),
    ("이라/라", "이라", "라"),
    ("이/", "이", ""),
    ("이었/였", "이었", "였"),
    ("이에요/예요", "이에요", "예요"),
]
PAIRS, AFTER_CONSONANT, AFTER_VOWEL = map(list, zip(*TABLE, strict=True))
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


LONGER = [
    *(("와", "과"), ("와는", "과는"), ("와의", "과의"), ("와도", "과도"), ("는커녕", "은커녕")),
    *(("로부터", "으로부터"), ("로부터는", "으로부터는"), ("로서", "으로서"), ("로써", "으로써")),
    *(("로서의", "으로서의"), ("로의", "으로의"), ("로는", "으로는"), ("로까지", "으로까지")),
    *(("라는", "이라는"), ("라고", "이라고"), ("라고도", "이라고도"), ("라도", "이라도")),
    *(("라며", "이라며"), ("라면", "이라면"), ("라서", "이라서"), ("나마", "이나마")),
    *(("란", "이란"), ("랑", "이랑"), ("든지", "이든지"), ("야말로", "이야말로"), ("여", "이여")),
    *(("였다", "이었다"), ("였던", "이었던"), ("였으며", "이었으며"), ("예요", "이에요")),
    *(("며", "이며"), ("다", "이다")),
    *((vowel, consonant) for _, consonant, vowel in TABLE[:7]),
]


@pytest.mark.parametrize("end", ["", " 뒤", ". 끝", ",", ")", "’ 그", "\n", "😀", "(가)"])
def test_particles_change_with_the_word_both_ways(end):
    for after_vowel, after_consonant in LONGER:
        assert refit_josa(after_vowel + end, "카카오", "삼성") == after_consonant + end
        assert refit_josa(after_consonant + end, "삼성", "카카오") == after_vowel + end
        assert refit_josa(after_vowel + end, "카카오", "네이버") == after_vowel + end


@pytest.mark.parametrize(
    ("following", "former", "new", "wanted"),
    [
        # 로 after ㄹ as after a vowel
        ("로 갔다", "서울", "제주", "로 갔다"),
        ("로 갔다", "서울", "부산", "으로 갔다"),
        ("으로 갔다", "부산", "서울", "로 갔다"),
        ("은 크다", "서울", "제주", "는 크다"),
        # quotes and remarks between word and particle
        ("》는 소설이다", "토지", "봄날", "》은 소설이다"),
        ("’라는 노래", "나비", "봄날", "’이라는 노래"),
        ("(鄭海仁)은 배우다", "정해인", "오세라", "(鄭海仁)는 배우다"),
        ("’(2017년)을 냈다", "봄날", "나비", "’(2017년)를 냈다"),
        ("()은", "정해인", "오세라", "()는"),
    ],
)
def test_particles_by_eye(following, former, new, wanted):
    assert refit_josa(following, former, new) == wanted


@pytest.mark.parametrize(
    ("following", "former"),
    [
        # the beginning of another word
        ("가족이 왔다", "카카오"),
        ("이네 집", "길동"),
        ("과학은", "삼성"),
        ("로스쿨", "카카오"),
        ("나라에서", "카카오"),
        ("은행의", "한국"),
        ("가2", "카카오"),
        ("가a", "카카오"),
        # not the form that the word wants, so something else
        ("이 왔다", "카카오"),
        ("은 왔다", "카카오"),
        ("로 10길", "세종"),
        ("으로 갔다", "서울"),
        ("과 4팀", "총무"),
        ("이다.", "네이버"),
        # right after any word
        ("의 집", "삼성"),
        ("에서", "삼성"),
        ("도", "카카오"),
        ("까지", "삼성"),
        ("이고", "삼성"),
        ("고 졸업", "경기"),
        ("자이자", "사용"),
        # the particle belongs to what stands before the bracket
        (")은 갔다", "송귀근"),
        ("] 은", "송귀근"),
        # none
        ("", "삼성"),
        (" 은", "삼성"),
        ("씨는", "길동"),
        ("(가나", "삼성"),
    ],
)
@pytest.mark.parametrize("new", ["카카오", "삼성", "서울"])
def test_what_is_no_particle_for_sure_stays(following, former, new):
    assert find_josa(following, former) is None
    assert refit_josa(following, former, new) == following


def test_a_particle_is_found_with_its_place():
    found = find_josa("》(1973년)으로부터의 길", "봄")
    assert found == ("으로/로", 8, "으로", "으로부터의")
    assert find_josa("라는 이름", "나비") == ("이라/라", 0, "라", "라는")
    assert find_josa("란 무엇인가", "나비") == ("이/", 0, "", "란")


particles = st.sampled_from([form for pair in LONGER for form in pair])
behind = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "’", "》", "(李舜臣)", ")", "\u200b"]),
        st.one_of(particles, st.text(max_size=3)),
        st.one_of(st.text(max_size=3), st.sampled_from(["", " ", ".", "의"])),
    ),
)
names = st.one_of(
    st.text(max_size=4), st.sampled_from(["카카오", "삼성", "서울", "李舜臣", "BTS", "2"])
)


@given(behind, names, names)
def test_the_way_back_gives_the_same_text_and_nothing_else_changes(following, former, new):
    refitted = refit_josa(following, former, new)
    found = find_josa(following, former)
    if found is None:
        assert refitted == following
        return
    end = found.start_char + len(found.form)
    form = choose_josa(new, found.pair)
    assert refitted == following[: found.start_char] + form + following[end:]
    assert refit_josa(refitted, new, former) == following
    assert following[found.start_char :].startswith(found.text)
    assert choose_josa(former, found.pair) == found.form
