"""Korean particles (josa) whose form depends on the final consonant of the word before them.

Judges a word by how it is read aloud as far as that follows from its letters: Hangul exactly,
digits and single Latin capitals by their Korean names, other Latin words by a rule of thumb.
Hanja and other scripts carry no reading here and count as vowel-final.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

JosaPair = Literal[
    "은/는",
    "이/가",
    "을/를",
    "와/과",
    "으로/로",
    "이나/나",
    "이라/라",
    "이/",
    "이었/였",
    "이에요/예요",
]

# (form after a final consonant, form after a vowel). KLUE's queries write 와/과 vowel-first.
_FORMS: dict[str, tuple[str, str]] = {
    "은/는": ("은", "는"),
    "이/가": ("이", "가"),
    "을/를": ("을", "를"),
    "와/과": ("과", "와"),
    "으로/로": ("으로", "로"),
    "이나/나": ("이나", "나"),
    "이라/라": ("이라", "라"),
    "이/": ("이", ""),
    "이었/였": ("이었", "였"),
    "이에요/예요": ("이에요", "예요"),
}
# What may follow each pair within the same word, as 부터 and 는 follow 으로 in 으로부터는. Taken
# from what stands behind the entities of KLUE-RE. Left out is what often begins another word after
# a vowel (고, 자, 면), and the vocative, which looks like the end of a name (동남아).
_TAILS: dict[JosaPair, str] = {
    "은/는": "(?:커녕)?",
    "이/가": "",
    "을/를": "",
    "와/과": "[의는도만]?",
    "으로/로": "(?:서|써|부터)?(?:[의는도만]|까지)?",
    "이나/나": "마?",
    "이라/라": "(?:고?[는도만]?|며|면|서)",
    "이었/였": "[가-힣]+",
    "이에요/예요": "",
    "이/": "(?:란|랑|든[지가]?|야말로|여|며|다)",
}
# Closing quotes and a remark in brackets may stand between a word and its particle, as in
# 《토지》는 or 정해인(鄭海仁)은. A bracket that only closes may not: what follows it belongs to the
# word before the bracket.
_QUOTES = r"[\"'’”»›》〉」』】]*"
_BETWEEN = rf"{_QUOTES}(?:\([^()]*\))?{_QUOTES}"
_WORD_END = r"(?![^\W_])"
_HANGUL_FIRST, _HANGUL_LAST, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8
# The reading of a digit (영 일 이 삼 사 오 육 칠 팔 구) ends in ㄹ, another consonant, or a vowel.
_FINAL_OF_DIGIT = {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ"}
_FINAL_OF_CAPITAL = {"L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}
_FINAL_OF_LATIN_ENDING = {
    "ng": "ㅇ",
    "l": "ㄹ",
    "le": "ㄹ",
    "m": "ㅁ",
    "n": "ㄴ",
    "ne": "ㄴ",
    "me": "ㅁ",
}


def final_consonant(word: str) -> str:
    """Return the consonant that ``word`` ends in when read aloud, or an empty string.

    Only three answers matter to a particle: none, ``"ㄹ"`` (으로 becomes 로) and any other. A
    Hangul syllable with another final consonant than ㄹ answers ``"ㅇ"`` for all of them.
    Closing quotes, brackets and blanks are looked through.

    >>> final_consonant("이순신"), final_consonant("서울"), final_consonant("카카오")
    ('ㅇ', 'ㄹ', '')
    >>> final_consonant("《토지》"), final_consonant("SM"), final_consonant("2021")
    ('', 'ㅁ', 'ㄹ')
    """
    core = unicodedata.normalize("NFC", word).rstrip()
    while core and not core[-1].isalnum():
        core = core[:-1]
    if not core:
        return ""
    last = core[-1]
    if _HANGUL_FIRST <= ord(last) <= _HANGUL_LAST:
        return _final_of_syllable(last)
    if last in _FINAL_OF_DIGIT:
        return _FINAL_OF_DIGIT[last]
    return _final_of_latin(core)


def _final_of_syllable(syllable: str) -> str:
    index = (ord(syllable) - _HANGUL_FIRST) % _FINALS
    if index == 0:
        return ""
    return "ㄹ" if index == _RIEUL else "ㅇ"


def _final_of_latin(core: str) -> str:
    if core[-1].isupper():
        return _FINAL_OF_CAPITAL.get(core[-1], "")
    for length in (2, 1):
        if final := _FINAL_OF_LATIN_ENDING.get(core[-length:]):
            return final
    return ""


def choose_josa(word: str, pair: JosaPair) -> str:
    """Return the form of the particle ``pair`` that follows ``word``, without the word.

    Args:
        word: The word before the particle, in any script.
        pair: The particle's two forms, as in ``"은/는"``.

    Raises:
        ValueError: ``pair`` is not one of the known pairs.

    >>> choose_josa("카카오", "와/과"), choose_josa("삼성", "와/과")
    ('와', '과')
    >>> choose_josa("서울", "으로/로"), choose_josa("부산", "으로/로")
    ('로', '으로')
    """
    if pair not in _FORMS:
        raise ValueError(f"Unknown particle pair {pair!r}; known pairs are {', '.join(_FORMS)}.")
    after_consonant, after_vowel = _FORMS[pair]
    final = final_consonant(word)
    if pair == "으로/로" and final == "ㄹ":
        return after_vowel
    return after_consonant if final else after_vowel


def with_josa(word: str, pair: JosaPair) -> str:
    """Return ``word`` followed by the fitting form of the particle ``pair``.

    >>> with_josa("세종", "은/는"), with_josa("신사임당", "이/가"), with_josa("NATO", "을/를")
    ('세종은', '신사임당이', 'NATO를')
    """
    return word + choose_josa(word, pair)


class FoundJosa(NamedTuple):
    """A particle behind a word.

    Attributes:
        pair: The pair that it belongs to.
        start_char: Where it begins in the text behind the word, counted from 0.
        form: The part that depends on the word; empty for 이/ after a vowel.
        text: All of it, as in 으로부터는, where the form is 으로.
    """

    pair: JosaPair
    start_char: int
    form: str
    text: str


def find_josa(following: str, word: str) -> FoundJosa | None:
    """Find the particle behind a word, if there is one whose form depends on the word.

    What looks like one, but is the wrong form for the word or has more letters behind it, is taken
    for something else. Between word and particle, closing quotes and a remark in brackets are
    looked through.

    Args:
        following: The text right behind the word.
        word: The word.

    >>> find_josa("으로부터 왔다", "조선")
    FoundJosa(pair='으로/로', start_char=0, form='으로', text='으로부터')
    >>> find_josa("’(2017년)은 노래다", "봄날")
    FoundJosa(pair='은/는', start_char=8, form='은', text='은')
    >>> find_josa("가 왔다", "카카오").pair, find_josa("가족이 왔다", "카카오")
    ('이/가', None)
    """
    return next(_matches(following, word), None)


def _matches(following: str, word: str) -> Iterator[FoundJosa]:
    for pair, tail in _TAILS.items():
        form = choose_josa(word, pair)
        if found := re.match(f"{_BETWEEN}({form}{tail}){_WORD_END}", following):
            yield FoundJosa(pair, found.start(1), form, found[1])


def refit_josa(following: str, former_word: str, new_word: str) -> str:
    """Write the particle behind a word in the form that another word wants.

    Args:
        following: The text right behind the former word.
        former_word: The word that stands there now.
        new_word: The word that takes its place.

    Returns:
        The text with another form of the particle; as it was if there is none, or none is seen
        for sure (:func:`find_josa`). What is right after any word, such as 의 and 에서, and 이다
        after a vowel, stays.

    >>> refit_josa("은 조선의 무신이다.", "이순신", "카카오")
    '는 조선의 무신이다.'
    >>> refit_josa("로부터 왔다.", "서울", "부산"), refit_josa("라는 이름", "카카오", "삼성")
    ('으로부터 왔다.', '이라는 이름')
    >>> refit_josa("이었다.", "삼성", "카카오"), refit_josa("다.", "카카오", "삼성")
    ('였다.', '이다.')
    >>> refit_josa("이 많다", "길동", "철수"), refit_josa("이네 집", "길동", "철수")
    ('가 많다', '이네 집')
    """
    found = find_josa(following, former_word)
    if found is None:
        return following
    before, after = following[: found.start_char], following[found.start_char + len(found.form) :]
    return before + choose_josa(new_word, found.pair) + after
