"""The question that may accompany a sentence as the second text of a pair: a template per query.

A new query is one more line in the table of each language. The prompts' names are those of the
contest teams that compared them; none of the teams inflected the Korean particle after the subject.

What a template may hold, for the subject and likewise for the object:

- ``{subject}`` is the entity's own words, and ``{subject:와/과}`` the words with the form of that
  particle that fits their last sound; ``{subject_josa:와/과}`` is the particle alone.
- ``{subject_type}`` is the word for the entity's type, and ``{subject_type:와/과}`` the word with a
  particle. A template with one is for entities that have a type.
- ``{subject_type: (%s)}`` is a text around that word. Without a type nothing is written.
- ``{SE}``, ``{/SE}``, ``{OE}`` and ``{/OE}`` are special tokens.
"""

from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import cast

from klue_pipeline.relation.ingest.entities import Entity, type_word
from klue_pipeline.relation.inputs.special_tokens import OBJECT_ASKED, SUBJECT_ASKED
from klue_pipeline.relation.settings.params import Language
from klue_pipeline.text.josa import JosaPair, choose_josa
from klue_pipeline.text.written_texts import WrittenText, join_pieces

Templates = tuple[str, ...]
"""The first whose types are known is filled; no template asks nothing."""

KOREAN: dict[str, Templates] = {
    "none": (),
    "question": ("{subject:와/과} {object}의 관계는 무엇입니까?",),
    "prompt1": ("{subject:와/과} {object}의 관계",),
    "prompt2": ("다음 문장에서 {subject:와/과} {object}의 관계",),
    # The words of prompt1 after the sentence, which compatibility.py sees to.
    "prompt3": ("{subject:와/과} {object}의 관계",),
    "prompt4": ("다음 문장에서 {subject:와/과} {object}의 관계는 무엇인가?",),
    "prompt5": ("{subject:와/과} {object}의 관계는 무엇인가?",),
    "semantic_typing": (
        "{subject_type:%s인 }{subject:와/과} {object_type:%s인 }{object} 사이의 관계는 무엇인가.",
    ),
    "semantic_typing_marked": (
        "{SE} {subject}{subject_type: (%s)} {/SE}{subject_josa:와/과} "
        "{OE} {object}{object_type: (%s)} {/OE}의 관계는 무엇인가",
    ),
    "typed_relation": (
        "{subject:와/과} {object}의 관계는 {subject_type:와/과} {object_type}의 관계이다.",
        "{subject_type:%s인 }{subject:와/과} {object_type:%s인 }{object}의 관계이다.",
    ),
    "typed_relation_question": (
        "{subject:와/과} {object}의 관계는 {subject_type:와/과} {object_type}의 관계일까?",
        "{subject_type:%s인 }{subject:와/과} {object_type:%s인 }{object}의 관계는 무엇일까?",
    ),
    "typed_description": (
        "{object:은/는} {subject_type:%s인 }{subject}의 {object_type}이다.",
        "{object:은/는} {subject_type:%s인 }{subject}의 무엇인가?",
    ),
    "punct_relation": (
        "@{subject_type:*%s*}{subject}@{subject_josa:와/과} #{object_type:^%s^}{object}#의 관계",
    ),
    "which_relation": ("{subject:와/과} {object} 어떤 관계일까?",),
}

# No wording needs an article before a type, because the words for types are settings.
ENGLISH: dict[str, Templates] = {
    "none": (),
    "question": ("What is the relation between {subject} and {object}?",),
    "prompt1": ("The relation between {subject} and {object}",),
    "prompt2": ("In the following sentence, the relation between {subject} and {object}",),
    "prompt3": ("The relation between {subject} and {object}",),
    "prompt4": ("In the following sentence, how are {subject} and {object} related?",),
    "prompt5": ("How are {subject} and {object} related?",),
    "semantic_typing": (
        "What is the relation between "
        "{subject_type:the %s }{subject} and {object_type:the %s }{object}?",
    ),
    "semantic_typing_marked": (
        "What is the relation between {SE} {subject}{subject_type: (%s)} {/SE} "
        "and {OE} {object}{object_type: (%s)} {/OE}?",
    ),
    "typed_relation": (
        "The relation between {subject} and {object} is one of {subject_type} and {object_type}.",
        "This is the relation between "
        "{subject_type:the %s }{subject} and {object_type:the %s }{object}.",
    ),
    "typed_relation_question": (
        "Is the relation between {subject} and {object} one of {subject_type} and {object_type}?",
        "What is the relation between "
        "{subject_type:the %s }{subject} and {object_type:the %s }{object}?",
    ),
    "typed_description": (
        "{object} is {subject_type:the %s }{subject}'s {object_type}.",
        "What is {object} to {subject_type:the %s }{subject}?",
    ),
    "punct_relation": (
        "The relation between @{subject_type:*%s*}{subject}@ and #{object_type:^%s^}{object}#",
    ),
    "which_relation": ("What do {subject} and {object} have to do with each other?",),
}

QUERIES: dict[Language, dict[str, Templates]] = {"ko": KOREAN, "en": ENGLISH}
"""Every query by ``input.language`` and the name it has in ``input.query``."""

_TOKENS: Mapping[str, str] = dict(
    zip(("SE", "/SE", "OE", "/OE"), (*SUBJECT_ASKED, *OBJECT_ASKED), strict=True)
)
_AROUND_TYPE, _JOSA_ALONE = "%s", "_josa"


def write_query(
    templates: Templates, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> WrittenText | None:
    """Write the query of a sentence about its two entities.

    Args:
        templates: One entry of ``QUERIES``.
        subject: The sentence's subject.
        object_: Its object.
        type_words: The word for each entity type.

    Returns:
        The query; None for ``none``.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> words = {"PER": "사람", "ORG": "조직"}
    >>> write_query(KOREAN["typed_description"], subject, object_, words).text
    '수군은 사람인 이순신의 조직이다.'
    >>> write_query(KOREAN["typed_description"], subject, Entity("수군", 5, 7, "NONE"), words).text
    '수군은 사람인 이순신의 무엇인가?'
    """
    words = {
        "subject": subject.text,
        "object": object_.text,
        "subject_type": type_word(subject, type_words),
        "object_type": type_word(object_, type_words),
    }
    for template in templates:
        pieces = [
            piece for text, name, how in _cut(template) for piece in (text, _fill(name, how, words))
        ]
        if None not in pieces:
            return join_pieces(*cast(list[str], pieces))
    return None


@cache
def _cut(template: str) -> list[tuple[str, str, str]]:
    """Cut a template into each placeholder's name, what follows its colon, and the text before."""
    parts = Formatter().parse(template)
    return [(text, name or "", how or "") for text, name, how, _ in parts]


def _fill(name: str, how: str, words: Mapping[str, str | None]) -> str | None:
    """Return what stands in a placeholder's place; None where the type it needs is not known."""
    if not name or name in _TOKENS:
        return _TOKENS.get(name, "")
    word = words[name.removesuffix(_JOSA_ALONE)]
    if _AROUND_TYPE in how:
        return "" if word is None else how.replace(_AROUND_TYPE, word)
    if word is None or not how:
        return word
    josa = choose_josa(word, cast(JosaPair, how))
    return josa if name.endswith(_JOSA_ALONE) else word + josa
