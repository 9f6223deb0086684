"""The queries in Korean.

None of the contest teams inflected the particle after the subject; here it follows the word's last
sound. An entity without a type is written without one.
"""

from collections.abc import Callable, Mapping

from klue_pipeline.relation.ingest.entities import Entity, type_word, write_type
from klue_pipeline.relation.inputs.special_tokens import OBJECT_ASKED, SUBJECT_ASKED
from klue_pipeline.text.josa import choose_josa, with_josa
from klue_pipeline.text.written_texts import WrittenText, join_pieces


def question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask for the relation in plain Korean, with 와 or 과 as the subject's last sound wants it.

    >>> question(Entity("카카오", 0, 3, "ORG"), Entity("김범수", 5, 8, "PER"), {})
    '카카오와 김범수의 관계는 무엇입니까?'
    >>> question(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군의 관계는 무엇입니까?'
    """
    return f"{with_josa(subject.text, '와/과')} {object_.text}의 관계는 무엇입니까?"


def prompt1(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Name the two entities and their relation.

    >>> prompt1(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군의 관계'
    """
    return f"{with_josa(subject.text, '와/과')} {object_.text}의 관계"


def prompt2(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Say that the relation is one in the sentence that follows.

    >>> prompt2(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '다음 문장에서 이순신과 수군의 관계'
    """
    return f"다음 문장에서 {prompt1(subject, object_, type_words)}"


def prompt4(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Ask for the relation in the sentence that follows.

    >>> prompt4(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '다음 문장에서 이순신과 수군의 관계는 무엇인가?'
    """
    return f"다음 문장에서 {prompt5(subject, object_, type_words)}"


def prompt5(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Ask for the relation, less formally than :func:`question`.

    >>> prompt5(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군의 관계는 무엇인가?'
    """
    return f"{prompt1(subject, object_, type_words)}는 무엇인가?"


def semantic_typing(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Say what each entity is, and ask for the relation between them.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> semantic_typing(subject, object_, {"PER": "사람", "ORG": "조직"})
    '사람인 이순신과 조직인 수군 사이의 관계는 무엇인가.'
    >>> semantic_typing(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"})
    '사람인 이순신과 수군 사이의 관계는 무엇인가.'
    """
    return f"{_both_with_types(subject, object_, type_words)} 사이의 관계는 무엇인가."


def semantic_typing_marked(
    subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> WrittenText:
    """Ask for the relation of the entities between special tokens, each with its type.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> semantic_typing_marked(subject, object_, {"PER": "사람", "ORG": "조직"}).text
    '[SE] 이순신 (사람) [/SE]과 [OE] 수군 (조직) [/OE]의 관계는 무엇인가'
    >>> semantic_typing_marked(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"}).text
    '[SE] 이순신 (사람) [/SE]과 [OE] 수군 [/OE]의 관계는 무엇인가'
    """
    return join_pieces(
        SUBJECT_ASKED[0],
        f" {subject.text}{write_type(' ({})', subject, type_words)} ",
        SUBJECT_ASKED[1],
        f"{choose_josa(subject.text, '와/과')} ",
        OBJECT_ASKED[0],
        f" {object_.text}{write_type(' ({})', object_, type_words)} ",
        OBJECT_ASKED[1],
        "의 관계는 무엇인가",
    )


def typed_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the relation is one between the two types, or name it where a type is missing.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_relation(subject, object_, {"PER": "사람", "ORG": "조직"})
    '이순신과 수군의 관계는 사람과 조직의 관계이다.'
    >>> typed_relation(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"})
    '사람인 이순신과 수군의 관계이다.'
    """
    of_types = _relation_of_types(subject, object_, type_words)
    if of_types is None:
        return f"{_both_with_types(subject, object_, type_words)}의 관계이다."
    return f"{prompt1(subject, object_, type_words)}는 {of_types}이다."


def typed_relation_question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Ask whether the relation is one between the two types, or which where a type is missing.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_relation_question(subject, object_, {"PER": "사람", "ORG": "조직"})
    '이순신과 수군의 관계는 사람과 조직의 관계일까?'
    >>> typed_relation_question(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"})
    '사람인 이순신과 수군의 관계는 무엇일까?'
    """
    of_types = _relation_of_types(subject, object_, type_words)
    if of_types is None:
        return f"{_both_with_types(subject, object_, type_words)}의 관계는 무엇일까?"
    return f"{prompt1(subject, object_, type_words)}는 {of_types}일까?"


def typed_description(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the object is something of the subject's, or ask what, if it has no type.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_description(subject, object_, {"PER": "사람", "ORG": "조직"})
    '수군은 사람인 이순신의 조직이다.'
    >>> typed_description(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"})
    '수군은 사람인 이순신의 무엇인가?'
    """
    start = f"{with_josa(object_.text, '은/는')} {_after_type(subject, type_words)}의"
    object_type = type_word(object_, type_words)
    return f"{start} 무엇인가?" if object_type is None else f"{start} {object_type}이다."


def punct_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Name the two entities in markers of punctuation with their types.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> punct_relation(subject, object_, {"PER": "사람", "ORG": "조직"})
    '@*사람*이순신@과 #^조직^수군#의 관계'
    >>> punct_relation(subject, Entity("수군", 5, 7, "NONE"), {"PER": "사람"})
    '@*사람*이순신@과 #수군#의 관계'
    """
    asked = f"@{write_type('*{}*', subject, type_words)}{subject.text}@"
    josa = choose_josa(subject.text, "와/과")
    return f"{asked}{josa} #{write_type('^{}^', object_, type_words)}{object_.text}#의 관계"


def which_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask in colloquial Korean what the two have to do with each other.

    >>> which_relation(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군 어떤 관계일까?'
    """
    return f"{with_josa(subject.text, '와/과')} {object_.text} 어떤 관계일까?"


def _relation_of_types(
    subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> str | None:
    subject_type, object_type = type_word(subject, type_words), type_word(object_, type_words)
    if subject_type is None or object_type is None:
        return None
    return f"{with_josa(subject_type, '와/과')} {object_type}의 관계"


def _both_with_types(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    asked = f"{_after_type(subject, type_words)}{choose_josa(subject.text, '와/과')}"
    return f"{asked} {_after_type(object_, type_words)}"


def _after_type(entity: Entity, type_words: Mapping[str, str]) -> str:
    return f"{write_type('{}인 ', entity, type_words)}{entity.text}"


KOREAN: dict[str, Callable[[Entity, Entity, Mapping[str, str]], str | WrittenText]] = {
    "question": question,
    "prompt1": prompt1,
    "prompt2": prompt2,
    "prompt3": prompt1,  # the same words after the sentence, which compatibility.py sees to
    "prompt4": prompt4,
    "prompt5": prompt5,
    "semantic_typing": semantic_typing,
    "semantic_typing_marked": semantic_typing_marked,
    "typed_relation": typed_relation,
    "typed_relation_question": typed_relation_question,
    "typed_description": typed_description,
    "punct_relation": punct_relation,
    "which_relation": which_relation,
}
"""Every query but ``none`` in Korean, by the name it has in ``input.query``."""
