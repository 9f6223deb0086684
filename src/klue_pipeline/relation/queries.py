"""The question that may accompany a sentence as the second text of a pair: one function per query.

A new query is one more short function like :func:`question` and one more line in :data:`QUERIES`.
The prompts' names are those of the contest teams that compared them. None of them inflected the
particle after the subject; here it follows the word's last sound.
"""

from collections.abc import Callable, Mapping

from klue_pipeline.relation.entities import Entity, type_word
from klue_pipeline.relation.special_tokens import OBJECT_ASKED, SUBJECT_ASKED
from klue_pipeline.relation.texts import WrittenText, join_pieces
from klue_pipeline.text.josa import choose_josa, with_josa

Query = Callable[[Entity, Entity, Mapping[str, str]], str | WrittenText | None]
"""Takes subject, object and the words for entity types; None asks nothing."""


def no_query(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> None:  # noqa: ARG001
    """Ask nothing: the sentence stands alone."""
    return


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
    """
    subject_type, object_type = type_word(subject, type_words), type_word(object_, type_words)
    asked = with_josa(subject.text, "와/과")
    return f"{subject_type}인 {asked} {object_type}인 {object_.text} 사이의 관계는 무엇인가."


def semantic_typing_marked(
    subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> WrittenText:
    """Ask for the relation of the entities between special tokens, each with its type.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> semantic_typing_marked(subject, object_, {"PER": "사람", "ORG": "조직"}).text
    '[SE] 이순신 (사람) [/SE]과 [OE] 수군 (조직) [/OE]의 관계는 무엇인가'
    """
    return join_pieces(
        SUBJECT_ASKED[0],
        f" {subject.text} ({type_word(subject, type_words)}) ",
        SUBJECT_ASKED[1],
        f"{choose_josa(subject.text, '와/과')} ",
        OBJECT_ASKED[0],
        f" {object_.text} ({type_word(object_, type_words)}) ",
        OBJECT_ASKED[1],
        "의 관계는 무엇인가",
    )


def typed_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the relation is one between the two types.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_relation(subject, object_, {"PER": "사람", "ORG": "조직"})
    '이순신과 수군의 관계는 사람과 조직의 관계이다.'
    """
    return f"{_relation_of_types(subject, object_, type_words)}이다."


def typed_relation_question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Ask whether the relation is one between the two types.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_relation_question(subject, object_, {"PER": "사람", "ORG": "조직"})
    '이순신과 수군의 관계는 사람과 조직의 관계일까?'
    """
    return f"{_relation_of_types(subject, object_, type_words)}일까?"


def typed_description(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the object is something of the subject's.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> typed_description(subject, object_, {"PER": "사람", "ORG": "조직"})
    '수군은 사람인 이순신의 조직이다.'
    """
    subject_type, object_type = type_word(subject, type_words), type_word(object_, type_words)
    return (
        f"{with_josa(object_.text, '은/는')} {subject_type}인 {subject.text}의 {object_type}이다."
    )


def punct_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Name the two entities in markers of punctuation with their types.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> punct_relation(subject, object_, {"PER": "사람", "ORG": "조직"})
    '@*사람*이순신@과 #^조직^수군#의 관계'
    """
    josa = choose_josa(subject.text, "와/과")
    asked = f"@*{type_word(subject, type_words)}*{subject.text}@{josa}"
    return f"{asked} #^{type_word(object_, type_words)}^{object_.text}#의 관계"


def which_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask in colloquial Korean what the two have to do with each other.

    >>> which_relation(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군 어떤 관계일까?'
    """
    return f"{with_josa(subject.text, '와/과')} {object_.text} 어떤 관계일까?"


def _relation_of_types(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    subject_type, object_type = type_word(subject, type_words), type_word(object_, type_words)
    of_types = f"{with_josa(subject_type, '와/과')} {object_type}의 관계"
    return f"{prompt1(subject, object_, type_words)}는 {of_types}"


QUERIES: dict[str, Query] = {
    "none": no_query,
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
"""Every query by the name it has in ``input.query``."""
