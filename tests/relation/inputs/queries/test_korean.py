"""Queries in Korean: exact strings with the particle that fits."""

import pytest

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.queries.korean import KOREAN

TYPE_WORDS = {"PER": "사람", "ORG": "단체", "POH": "직업"}


def ask(name, subject, object_, types=("PER", "PER")):
    words = zip((subject, object_), types, strict=True)
    entities = [Entity(word, 0, len(word), type_) for word, type_ in words]
    return KOREAN[name](*entities, TYPE_WORDS)


@pytest.mark.parametrize(
    ("subject", "object_", "wanted"),
    [
        ("카카오", "김범수", "카카오와 김범수의 관계는 무엇입니까?"),
        ("이순신", "수군", "이순신과 수군의 관계는 무엇입니까?"),
        ("서울", "한강", "서울과 한강의 관계는 무엇입니까?"),
        ("《토지》", "박경리", "《토지》와 박경리의 관계는 무엇입니까?"),
        ("2021", "SM", "2021과 SM의 관계는 무엇입니까?"),
        ("@사람#", "^", "@사람#과 ^의 관계는 무엇입니까?"),
        ("😀", "鄭海仁", "😀와 鄭海仁의 관계는 무엇입니까?"),
    ],
)
def test_question_inflects_the_particle_after_the_subject(subject, object_, wanted):
    assert ask("question", subject, object_) == wanted


@pytest.mark.parametrize(
    ("name", "after_vowel", "after_consonant"),
    [
        ("prompt1", "카카오와 김범수의 관계", "수군과 이순신의 관계"),
        ("prompt2", "다음 문장에서 카카오와 김범수의 관계", "다음 문장에서 수군과 이순신의 관계"),
        ("prompt3", "카카오와 김범수의 관계", "수군과 이순신의 관계"),
        (
            "prompt4",
            "다음 문장에서 카카오와 김범수의 관계는 무엇인가?",
            "다음 문장에서 수군과 이순신의 관계는 무엇인가?",
        ),
        ("prompt5", "카카오와 김범수의 관계는 무엇인가?", "수군과 이순신의 관계는 무엇인가?"),
        (
            "semantic_typing",
            "단체인 카카오와 사람인 김범수 사이의 관계는 무엇인가.",
            "단체인 수군과 사람인 이순신 사이의 관계는 무엇인가.",
        ),
        (
            "typed_relation",
            "카카오와 김범수의 관계는 단체와 사람의 관계이다.",
            "수군과 이순신의 관계는 단체와 사람의 관계이다.",
        ),
        (
            "typed_relation_question",
            "카카오와 김범수의 관계는 단체와 사람의 관계일까?",
            "수군과 이순신의 관계는 단체와 사람의 관계일까?",
        ),
        (
            "typed_description",
            "김범수는 단체인 카카오의 사람이다.",
            "이순신은 단체인 수군의 사람이다.",
        ),
        (
            "punct_relation",
            "@*단체*카카오@와 #^사람^김범수#의 관계",
            "@*단체*수군@과 #^사람^이순신#의 관계",
        ),
        ("which_relation", "카카오와 김범수 어떤 관계일까?", "수군과 이순신 어떤 관계일까?"),
    ],
)
def test_every_query_writes_its_own_string_with_fitting_particles(
    name, after_vowel, after_consonant
):
    assert ask(name, "카카오", "김범수", ("ORG", "PER")) == after_vowel
    assert ask(name, "수군", "이순신", ("ORG", "PER")) == after_consonant


@pytest.mark.parametrize(
    ("subject", "josa"), [("카카오", "와"), ("수군", "과"), ("《토지》", "와"), ("SM", "과")]
)
def test_marked_query_inflects_after_the_word_and_not_after_its_marker(subject, josa):
    written = ask("semantic_typing_marked", subject, "김범수", ("ORG", "PER"))
    assert written.text == (
        f"[SE] {subject} (단체) [/SE]{josa} [OE] 김범수 (사람) [/OE]의 관계는 무엇인가"
    )
    special = [written.text[span.start_char : span.end_char] for span in written.special]
    assert special == ["[SE]", "[/SE]", "[OE]", "[/OE]"]


def test_marker_written_in_an_entity_of_a_marked_query_is_text():
    written = ask("semantic_typing_marked", "[SE]", "[/OE]")
    assert [span.start_char for span in written.special] == [0, 15, 22, 38]


def test_type_without_a_word_shows_itself_and_type_words_are_a_setting():
    types = ("POH", "NAVY")
    assert (
        ask("semantic_typing", "가", "나", types) == "직업인 가와 NAVY인 나 사이의 관계는 무엇인가."
    )


@pytest.mark.parametrize(
    ("name", "no_subject_type", "no_object_type", "neither"),
    [
        (
            "semantic_typing",
            "카카오와 사람인 김범수 사이의 관계는 무엇인가.",
            "단체인 카카오와 김범수 사이의 관계는 무엇인가.",
            "카카오와 김범수 사이의 관계는 무엇인가.",
        ),
        (
            "semantic_typing_marked",
            "[SE] 카카오 [/SE]와 [OE] 김범수 (사람) [/OE]의 관계는 무엇인가",
            "[SE] 카카오 (단체) [/SE]와 [OE] 김범수 [/OE]의 관계는 무엇인가",
            "[SE] 카카오 [/SE]와 [OE] 김범수 [/OE]의 관계는 무엇인가",
        ),
        (
            "typed_relation",
            "카카오와 사람인 김범수의 관계이다.",
            "단체인 카카오와 김범수의 관계이다.",
            "카카오와 김범수의 관계이다.",
        ),
        (
            "typed_relation_question",
            "카카오와 사람인 김범수의 관계는 무엇일까?",
            "단체인 카카오와 김범수의 관계는 무엇일까?",
            "카카오와 김범수의 관계는 무엇일까?",
        ),
        (
            "typed_description",
            "김범수는 카카오의 사람이다.",
            "김범수는 단체인 카카오의 무엇인가?",
            "김범수는 카카오의 무엇인가?",
        ),
        (
            "punct_relation",
            "@카카오@와 #^사람^김범수#의 관계",
            "@*단체*카카오@와 #김범수#의 관계",
            "@카카오@와 #김범수#의 관계",
        ),
    ],
)
def test_an_entity_without_a_type_is_written_without_one(
    name, no_subject_type, no_object_type, neither
):
    asked = [
        ask(name, "카카오", "김범수", types)
        for types in (("NONE", "PER"), ("ORG", "NONE"), ("NONE", "NONE"))
    ]
    texts = [getattr(one, "text", one) for one in asked]
    assert texts == [no_subject_type, no_object_type, neither]
