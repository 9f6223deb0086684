"""Queries: exact strings in both languages, with the particle that fits and with missing types."""

from typing import get_args

import pytest

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.queries import QUERIES, write_query
from klue_pipeline.relation.settings.params import InputParams, Language

TYPE_WORDS = {
    "ko": {"PER": "사람", "ORG": "단체", "POH": "직업"},
    "en": {"PER": "person", "ORG": "organization"},
}
TYPES = [("ORG", "PER"), ("NONE", "PER"), ("ORG", "NONE"), ("NONE", "NONE")]


def ask(language, name, words, types=TYPES[0]):
    entities = [Entity(word, 0, len(word), type_) for word, type_ in zip(words, types, strict=True)]
    return write_query(QUERIES[language][name], *entities, TYPE_WORDS[language])


def test_settings_offer_exactly_the_queries_there_are():
    offered = InputParams.model_json_schema()["properties"]["query"]["enum"]
    assert set(QUERIES) == set(get_args(Language))
    for queries in QUERIES.values():
        assert sorted(offered) == sorted(queries)
        assert queries["prompt3"] == queries["prompt1"]


@pytest.mark.parametrize("language", QUERIES)
def test_none_asks_nothing(language):
    assert ask(language, "none", ("가", "나")) is None


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("카카오", "김범수"), "카카오와 김범수의 관계는 무엇입니까?"),
        (("서울", "한강"), "서울과 한강의 관계는 무엇입니까?"),
        (("《토지》", "박경리"), "《토지》와 박경리의 관계는 무엇입니까?"),
        (("2021", "SM"), "2021과 SM의 관계는 무엇입니까?"),
        (("@사람#", "^"), "@사람#과 ^의 관계는 무엇입니까?"),
        (("😀", "鄭海仁"), "😀와 鄭海仁의 관계는 무엇입니까?"),
        (("{object}", "%s"), "{object}와 %s의 관계는 무엇입니까?"),
    ],
)
def test_the_particle_fits_the_subject(words, wanted):
    assert ask("ko", "question", words).text == wanted


ANY_TYPES = {
    "question": (
        "카카오와 김범수의 관계는 무엇입니까?",
        "수군과 이순신의 관계는 무엇입니까?",
        "What is the relation between Acme and Kim?",
    ),
    "prompt1": (
        "카카오와 김범수의 관계",
        "수군과 이순신의 관계",
        "The relation between Acme and Kim",
    ),
    "prompt2": (
        "다음 문장에서 카카오와 김범수의 관계",
        "다음 문장에서 수군과 이순신의 관계",
        "In the following sentence, the relation between Acme and Kim",
    ),
    "prompt4": (
        "다음 문장에서 카카오와 김범수의 관계는 무엇인가?",
        "다음 문장에서 수군과 이순신의 관계는 무엇인가?",
        "In the following sentence, how are Acme and Kim related?",
    ),
    "prompt5": (
        "카카오와 김범수의 관계는 무엇인가?",
        "수군과 이순신의 관계는 무엇인가?",
        "How are Acme and Kim related?",
    ),
    "which_relation": (
        "카카오와 김범수 어떤 관계일까?",
        "수군과 이순신 어떤 관계일까?",
        "What do Acme and Kim have to do with each other?",
    ),
}


@pytest.mark.parametrize("name", ANY_TYPES)
def test_queries_without_types_say_the_same_with_and_without_types(name):
    for types in TYPES:
        asked = (
            ask("ko", name, ("카카오", "김범수"), types).text,
            ask("ko", name, ("수군", "이순신"), types).text,
            ask("en", name, ("Acme", "Kim"), types).text,
        )
        assert asked == ANY_TYPES[name]


BY_TYPES = {
    ("ko", "semantic_typing"): (
        "단체인 카카오와 사람인 김범수 사이의 관계는 무엇인가.",
        "카카오와 사람인 김범수 사이의 관계는 무엇인가.",
        "단체인 카카오와 김범수 사이의 관계는 무엇인가.",
        "카카오와 김범수 사이의 관계는 무엇인가.",
    ),
    ("ko", "semantic_typing_marked"): (
        "[SE] 카카오 (단체) [/SE]와 [OE] 김범수 (사람) [/OE]의 관계는 무엇인가",
        "[SE] 카카오 [/SE]와 [OE] 김범수 (사람) [/OE]의 관계는 무엇인가",
        "[SE] 카카오 (단체) [/SE]와 [OE] 김범수 [/OE]의 관계는 무엇인가",
        "[SE] 카카오 [/SE]와 [OE] 김범수 [/OE]의 관계는 무엇인가",
    ),
    ("ko", "typed_relation"): (
        "카카오와 김범수의 관계는 단체와 사람의 관계이다.",
        "카카오와 사람인 김범수의 관계이다.",
        "단체인 카카오와 김범수의 관계이다.",
        "카카오와 김범수의 관계이다.",
    ),
    ("ko", "typed_relation_question"): (
        "카카오와 김범수의 관계는 단체와 사람의 관계일까?",
        "카카오와 사람인 김범수의 관계는 무엇일까?",
        "단체인 카카오와 김범수의 관계는 무엇일까?",
        "카카오와 김범수의 관계는 무엇일까?",
    ),
    ("ko", "typed_description"): (
        "김범수는 단체인 카카오의 사람이다.",
        "김범수는 카카오의 사람이다.",
        "김범수는 단체인 카카오의 무엇인가?",
        "김범수는 카카오의 무엇인가?",
    ),
    ("ko", "punct_relation"): (
        "@*단체*카카오@와 #^사람^김범수#의 관계",
        "@카카오@와 #^사람^김범수#의 관계",
        "@*단체*카카오@와 #김범수#의 관계",
        "@카카오@와 #김범수#의 관계",
    ),
    ("en", "semantic_typing"): (
        "What is the relation between the organization Acme and the person Kim?",
        "What is the relation between Acme and the person Kim?",
        "What is the relation between the organization Acme and Kim?",
        "What is the relation between Acme and Kim?",
    ),
    ("en", "semantic_typing_marked"): (
        "What is the relation between [SE] Acme (organization) [/SE] and [OE] Kim (person) [/OE]?",
        "What is the relation between [SE] Acme [/SE] and [OE] Kim (person) [/OE]?",
        "What is the relation between [SE] Acme (organization) [/SE] and [OE] Kim [/OE]?",
        "What is the relation between [SE] Acme [/SE] and [OE] Kim [/OE]?",
    ),
    ("en", "typed_relation"): (
        "The relation between Acme and Kim is one of organization and person.",
        "This is the relation between Acme and the person Kim.",
        "This is the relation between the organization Acme and Kim.",
        "This is the relation between Acme and Kim.",
    ),
    ("en", "typed_relation_question"): (
        "Is the relation between Acme and Kim one of organization and person?",
        "What is the relation between Acme and the person Kim?",
        "What is the relation between the organization Acme and Kim?",
        "What is the relation between Acme and Kim?",
    ),
    ("en", "typed_description"): (
        "Kim is the organization Acme's person.",
        "Kim is Acme's person.",
        "What is Kim to the organization Acme?",
        "What is Kim to Acme?",
    ),
    ("en", "punct_relation"): (
        "The relation between @*organization*Acme@ and #^person^Kim#",
        "The relation between @Acme@ and #^person^Kim#",
        "The relation between @*organization*Acme@ and #Kim#",
        "The relation between @Acme@ and #Kim#",
    ),
}


@pytest.mark.parametrize(("language", "name"), BY_TYPES)
def test_an_entity_without_a_type_is_written_without_one(language, name):
    words = ("카카오", "김범수") if language == "ko" else ("Acme", "Kim")
    asked = tuple(ask(language, name, words, types).text for types in TYPES)
    assert asked == BY_TYPES[language, name]


def test_particles_after_a_type_and_behind_a_marker_fit_the_word():
    words, types = ("수군", "이순신"), ("POH", "ORG")
    assert ask("ko", "typed_relation", words, types).text == (
        "수군과 이순신의 관계는 직업과 단체의 관계이다."
    )
    assert ask("ko", "typed_description", words, types).text == "이순신은 직업인 수군의 단체이다."
    assert ask("ko", "punct_relation", words).text == "@*단체*수군@과 #^사람^이순신#의 관계"
    assert ask("ko", "semantic_typing_marked", ("SM", "이순신")).text == (
        "[SE] SM (단체) [/SE]과 [OE] 이순신 (사람) [/OE]의 관계는 무엇인가"
    )


def test_a_type_without_a_word_shows_itself():
    assert ask("ko", "semantic_typing", ("가", "나"), ("POH", "NAVY")).text == (
        "직업인 가와 NAVY인 나 사이의 관계는 무엇인가."
    )


@pytest.mark.parametrize(
    ("language", "places"), [("ko", [0, 15, 22, 38]), ("en", [29, 54, 64, 84])]
)
def test_a_special_token_written_in_an_entity_is_text(language, places):
    words = ("[SE]", "[/OE]")
    written = ask(language, "semantic_typing_marked", words, ("ORG", "PER"))
    starts = [span.start_char for span in written.special]
    special = [written.text[span.start_char : span.end_char] for span in written.special]
    assert (starts, special) == (places, ["[SE]", "[/SE]", "[OE]", "[/OE]"])
