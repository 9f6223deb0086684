"""Korean particles (josa) whose form depends on the final consonant of the word before them.

Judges a word by how it is read aloud as far as that follows from its letters: Hangul exactly,
digits and single Latin capitals by their Korean names, other Latin words by a rule of thumb.
Hanja and other scripts carry no reading here and count as vowel-final.
"""

import unicodedata
from typing import Literal

JosaPair = Literal["은/는", "이/가", "을/를", "와/과", "으로/로", "이나/나", "이라/라", "이/"]

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
}
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
