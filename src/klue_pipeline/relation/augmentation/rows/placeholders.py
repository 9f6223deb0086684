"""Codes that stand for the entities while a sentence is put into other words.

Whoever rewords a sentence, a translation model or a person, sees codes in the place of its
entities; afterwards the entities are put back where the codes ended up. In a file of rewordings
(``raw.translations``) the codes are ``[S]`` for the subject and ``[O]`` for the object. They may be
left out there, if the entities' own words can be found.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count, pairwise
from typing import NamedTuple

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.text.josa import find_josa, refit_josa
from klue_pipeline.text.written_texts import MASK_TEXT, CharSpan, overlap

_LETTERS = "EXQZ"
_FULL_WIDTH = ord("！") - ord("!")
_CODE_CHARACTER = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
# Words with a final consonant, without one, and with the one that counts as none before 로.
_STAND_INS = ("산", "차", "달")
_ROLES = ("subject", "object")


class Placeholders(NamedTuple):
    """What stands for the two entities."""

    subject: str
    object: str


FILE_PLACEHOLDERS = Placeholders("[S]", "[O]")
"""What stands for the entities in a file of rewordings."""


class UnusableTextError(ValueError):
    """A reworded sentence does not have both entities at one clear place each.

    Its message is the reason in a few words, for counting.
    """


def choose_placeholders(sentence: str) -> Placeholders:
    """Choose codes that nothing in a sentence looks like.

    A Latin capital with a digit reads as the name of a thing, which all languages write alike, and
    every vocabulary of subwords can spell it. Translation models copy such codes, while they
    inflect invented words, and lose brackets and rare signs.

    >>> choose_placeholders("이순신은 수군을 이끌었다.")
    Placeholders(subject='E1', object='E2')
    >>> choose_placeholders("여권 e 1 면과 Ｘ2 면")
    Placeholders(subject='Q1', object='Q2')
    """
    return next(
        codes for codes in _candidates() if not any(_looks(code, sentence) for code in codes)
    )


def _candidates() -> Iterator[Placeholders]:
    for number in count(1, 2):
        for letter in _LETTERS:
            yield Placeholders(f"{letter}{number}", f"{letter}{number + 1}")


def _looks(code: str, sentence: str) -> bool:
    return re.search(_tolerant_pattern(code), sentence) is not None


def protect_entities(example: Example, placeholders: Placeholders) -> str:
    """Write a sentence with codes in the place of its entities.

    A blank keeps a code apart from letters and digits that would seem to belong to it.

    >>> row = Example("0", "FC서울은 서울의 축구단이다.", Entity("FC서울", 0, 4, "ORG"),
    ...               Entity("서울", 6, 8, "LOC"), "org:place_of_headquarters")
    >>> protect_entities(row, Placeholders("E1", "E2"))
    'E1은 E2의 축구단이다.'
    >>> protect_entities(row, FILE_PLACEHOLDERS)
    '[S]은 [O]의 축구단이다.'
    """
    pieces, cursor = [], 0
    for entity in example.entities:
        code = placeholders.subject if entity is example.subject else placeholders.object
        pieces += [example.sentence[cursor : entity.start_char], code]
        cursor = entity.end_char
    return _join_apart([*pieces, example.sentence[cursor:]])


def _join_apart(pieces: list[str]) -> str:
    written = [piece for piece in pieces if piece]
    glued = re.compile(_CODE_CHARACTER * 2)
    text = written[0]
    for former, latter in pairwise(written):
        text += f" {latter}" if glued.match(former[-1] + latter[0]) else latter
    return text


def restore_entities(
    example: Example, text: str, placeholders: Placeholders, *, or_words: bool
) -> Example:
    """Put a row's entities into its reworded sentence.

    Each entity goes where its code is. Codes are known in any case and width and with blanks
    inside. A particle behind a code gets the form that the entity wants.

    Args:
        example: The row.
        text: Its sentence in other words.
        placeholders: The codes; one that the row's own sentence holds means nothing.
        or_words: Whether an entity without a code may be found by its own words. Where one
            entity's words are a part of the other's, they do not count there.

    Returns:
        The row with the new sentence; label, types and weight stay.

    Raises:
        UnusableTextError: An entity is not there, or there more than once.

    >>> row = Example("0", "이순신은 수군을 이끌었다.", Entity("이순신", 0, 3, "PER"),
    ...               Entity("수군", 5, 7, "ORG"), "per:employee_of")
    >>> restore_entities(row, "[O]를 이끈 것은 [S]다.", FILE_PLACEHOLDERS, or_words=False).sentence
    '수군을 이끈 것은 이순신이다.'
    >>> restore_entities(row, "수군의 장 이순신", FILE_PLACEHOLDERS, or_words=True).subject
    Entity(text='이순신', start_char=6, end_char=9, type='PER')
    """
    written = _tidy(text)
    if not written:
        raise UnusableTextError("no text")
    if MASK_TEXT in written:
        raise UnusableTextError(f"text holds {MASK_TEXT}")
    patterns = _code_patterns(example, written, placeholders, needed=not or_words)
    patterns |= _word_patterns(example, set(_ROLES).difference(patterns))
    return _put_back(example, written, _find_places(written, patterns))


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _code_patterns(
    example: Example, text: str, placeholders: Placeholders, *, needed: bool
) -> dict[str, str]:
    """Return how to look for codes, by role; unless needed, only those that seem to be there."""
    return {
        role: _apart_pattern(code)
        for role, code in placeholders._asdict().items()
        if needed or (_looks(code, text) and not _looks(code, example.sentence))
    }


def _word_patterns(example: Example, roles: set[str]) -> dict[str, str]:
    """Return how to look for the entities' words, by role, the longer ones first."""
    words = {role: _tidy(example.entity(role).text) for role in roles}
    in_order = sorted(words, key=lambda role: (-len(words[role]), _ROLES.index(role)))
    # Looking ahead also finds words that overlap with themselves.
    return {role: f"(?=({re.escape(words[role])}))" for role in in_order}


def _find_places(text: str, patterns: dict[str, str]) -> dict[str, CharSpan]:
    """Find each entity, by the first group of its pattern, apart from those found before."""
    found: dict[str, CharSpan] = {}
    for role, pattern in patterns.items():
        spans = [CharSpan(*match.span(1)) for match in re.finditer(pattern, text)]
        free = [span for span in spans if not any(overlap(span, each) for each in found.values())]
        if len(free) != 1:
            raise UnusableTextError(f"{role} more than once" if free else f"{role} lost")
        (found[role],) = free
    return found


@cache
def _tolerant_pattern(code: str) -> str:
    return r"\s*".join(_tolerant_character(character) for character in code)


def _tolerant_character(character: str) -> str:
    cases = {character.upper(), character.lower()}
    wide = {chr(ord(case) + _FULL_WIDTH) for case in cases}
    return f"[{re.escape(''.join(sorted(cases | wide)))}]"


def _apart_pattern(code: str) -> str:
    """Return a pattern of a code as its first group; letters and digits end with other ones."""
    before = f"(?<!{_CODE_CHARACTER})" if code[0].isalnum() else ""
    after = f"(?!{_CODE_CHARACTER})" if code[-1].isalnum() else ""
    return f"{before}({_tolerant_pattern(code)}){after}"


def _put_back(example: Example, text: str, places: dict[str, CharSpan]) -> Example:
    """Write both entities at their places, from the end, where nothing moves any more."""
    rest, end, lengths = "", len(text), {}
    for role in sorted(places, key=lambda role: places[role].start_char, reverse=True):
        entity, place = example.entity(role), places[role]
        following = text[place.end_char : end]
        if text[place.start_char : place.end_char] != entity.text:
            following = _refit(following, rest, _reading(entity, example.sentence))
        rest, end = f"{entity.text}{following}{rest}", place.start_char
        lengths[role] = len(rest)
    sentence = text[:end] + rest
    subject, object_ = (_at(example.entity(role), len(sentence) - lengths[role]) for role in _ROLES)
    return replace(example, sentence=sentence, subject=subject, object=object_)


def _at(entity: Entity, start_char: int) -> Entity:
    return replace(entity, start_char=start_char, end_char=start_char + len(entity.text))


def _refit(following: str, rest: str, word: str) -> str:
    """Give the particle in the text between two entities the form that fits the first one.

    ``rest``, the second entity and what follows, stays out of it, but shows where a word ends.
    """
    for former in (word, *_STAND_INS):
        found = find_josa(following + rest, former)
        if found and found.start_char + len(found.text) <= len(following):
            return refit_josa(following + rest, former, word).removesuffix(rest)
    return following


def _reading(entity: Entity, sentence: str) -> str:
    """Return a word that takes the particles that an entity takes.

    That of Hanja and many foreign words does not show in their letters, but the particle that they
    have in the original sentence tells.

    >>> _reading(Entity("李舜臣", 0, 3, "PER"), "李舜臣은 무신이다.")
    '산'
    """
    following = unicodedata.normalize("NFC", sentence[entity.end_char :])
    words = (entity.text, *_STAND_INS)
    return next((word for word in words if find_josa(following, word)), entity.text)
