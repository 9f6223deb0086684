"""Korean text taken apart into morphemes, with their places, by kiwipiepy.

Which morphemes matter, and what for, is left to the callers.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from klue_pipeline.text.written_texts import CharSpan

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNREADABLE = "\ufffd"


class Morpheme(NamedTuple):
    """A smallest part of a text that has a meaning or a grammatical job.

    Attributes:
        form: How it is written in a dictionary; not always how the text spells it.
        tag: Its part of speech in the Sejong set as Kiwi extends it, such as ``NNG`` for a common
            noun, without Kiwi's remark whether a verb is regular.
        start_char: Place of its first character in the text, counted from 0.
        end_char: Place after its last character.
        is_guess: Whether no dictionary has it, as a new name or a part of a word.
    """

    form: str
    tag: str
    start_char: int
    end_char: int
    is_guess: bool = False


def analyse(texts: Iterable[str]) -> Iterator[list[Morpheme]]:
    """Yield the morphemes of each text, from left to right.

    Texts are read when their turn comes, a few ahead, and analysed on all cores; the result does
    not depend on the other texts. The dictionary is loaded once in a process, in about a second.

    Where letters melt together, the morphemes share characters: both 하 and 었 of 승리했다 are at
    했. A copula that is heard but not written has none: its start is its end. See
    :func:`separate` for those that can be taken out of the text.

    Places count code points, as Python does, also behind emoji and rare Hanja. Texts should be in
    Unicode's composed form (NFC); a syllable written as loose letters is not recognised.

    Args:
        texts: Any texts, of one or more sentences.

    >>> for form, tag, start_char, end_char, _ in next(analyse(["😀 학교에 갔다."])):
    ...     print(form, tag, start_char, end_char)
    😀 W_EMOJI 0 1
    학교 NNG 2 4
    에 JKB 4 5
    가 VV 6 7
    었 EP 6 7
    다 EF 7 8
    . SF 8 9
    """
    readable = (_SURROGATE.sub(_UNREADABLE, text) for text in texts)
    for tokens in _kiwi(os.getpid()).tokenize(readable, compatible_jamo=True):
        yield [
            Morpheme(t.form, t.tag.partition("-")[0], t.start, t.end, bool(t.oov)) for t in tokens
        ]


def split_sentences(texts: Iterable[str]) -> Iterator[list[CharSpan]]:
    """Yield the places of the sentences of each text, blanks around them left out.

    Texts are read when their turn comes, a few ahead.

    >>> [(span.start_char, span.end_char) for span in next(split_sentences(["밥을 먹었다. 잤다."]))]
    [(0, 7), (8, 11)]
    """
    readable = (_SURROGATE.sub(_UNREADABLE, text) for text in texts)
    for sentences in _kiwi(os.getpid()).split_into_sents(readable):
        yield [CharSpan(sentence.start, sentence.end) for sentence in sentences]


def separate(text: str, morphemes: Sequence[Morpheme]) -> list[Morpheme]:
    """Return the morphemes that can be replaced in a text without touching any other.

    They are spelled as in a dictionary, share no character with another morpheme, and no unwritten
    copula leans on them.

    Args:
        text: The text.
        morphemes: Its morphemes, as :func:`analyse` yields them.

    >>> text = "간 사람은 학생이다"
    >>> [morpheme.form for morpheme in separate(text, next(analyse([text])))]
    ['사람', '은', '학생', '이', '다']
    """
    found, furthest = [], 0
    for place, morpheme in enumerate(morphemes):
        start, end = morpheme.start_char, morpheme.end_char
        spelled_out = start < end and text[start:end] == morpheme.form
        if furthest <= start and spelled_out and not _is_joined(morphemes, place):
            found.append(morpheme)
        furthest = max(furthest, end)
    return found


def _is_joined(morphemes: Sequence[Morpheme], place: int) -> bool:
    """Tell whether the next morpheme shares a character with this one, or has none of its own."""
    if place + 1 == len(morphemes):
        return False
    following, end = morphemes[place + 1], morphemes[place].end_char
    return following.start_char < end or following.end_char == end


@cache
def _kiwi(process_id: int) -> Any:  # noqa: ARG001
    # One for each process: a forked one inherits the analyser, but not the threads it waits for.
    from kiwipiepy import Kiwi

    return Kiwi()
