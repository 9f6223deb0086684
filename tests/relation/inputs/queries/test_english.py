"""Queries in English: exact strings, with types and without."""

import pytest

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.queries.english import ENGLISH

TYPE_WORDS = {"PER": "person", "ORG": "organization"}


def ask(name, types=("ORG", "PER"), words=("Acme", "Kim")):
    entities = [Entity(word, 0, len(word), type_) for word, type_ in zip(words, types, strict=True)]
    asked = ENGLISH[name](*entities, TYPE_WORDS)
    return getattr(asked, "text", asked)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("question", "What is the relation between Acme and Kim?"),
        ("prompt1", "The relation between Acme and Kim"),
        ("prompt2", "In the following sentence, the relation between Acme and Kim"),
        ("prompt3", "The relation between Acme and Kim"),
        ("prompt4", "In the following sentence, how are Acme and Kim related?"),
        ("prompt5", "How are Acme and Kim related?"),
        ("which_relation", "What do Acme and Kim have to do with each other?"),
    ],
)
def test_queries_without_types_say_the_same_with_and_without_types(name, wanted):
    assert ask(name) == ask(name, ("NONE", "NONE")) == wanted


@pytest.mark.parametrize(
    ("name", "both", "no_subject_type", "no_object_type", "neither"),
    [
        (
            "semantic_typing",
            "What is the relation between the organization Acme and the person Kim?",
            "What is the relation between Acme and the person Kim?",
            "What is the relation between the organization Acme and Kim?",
            "What is the relation between Acme and Kim?",
        ),
        (
            "semantic_typing_marked",
            "What is the relation between "
            "[SE] Acme (organization) [/SE] and [OE] Kim (person) [/OE]?",
            "What is the relation between [SE] Acme [/SE] and [OE] Kim (person) [/OE]?",
            "What is the relation between [SE] Acme (organization) [/SE] and [OE] Kim [/OE]?",
            "What is the relation between [SE] Acme [/SE] and [OE] Kim [/OE]?",
        ),
        (
            "typed_relation",
            "The relation between Acme and Kim is one of organization and person.",
            "This is the relation between Acme and the person Kim.",
            "This is the relation between the organization Acme and Kim.",
            "This is the relation between Acme and Kim.",
        ),
        (
            "typed_relation_question",
            "Is the relation between Acme and Kim one of organization and person?",
            "What is the relation between Acme and the person Kim?",
            "What is the relation between the organization Acme and Kim?",
            "What is the relation between Acme and Kim?",
        ),
        (
            "typed_description",
            "Kim is the organization Acme's person.",
            "Kim is Acme's person.",
            "What is Kim to the organization Acme?",
            "What is Kim to Acme?",
        ),
        (
            "punct_relation",
            "The relation between @*organization*Acme@ and #^person^Kim#",
            "The relation between @Acme@ and #^person^Kim#",
            "The relation between @*organization*Acme@ and #Kim#",
            "The relation between @Acme@ and #Kim#",
        ),
    ],
)
def test_queries_with_types_leave_out_the_one_that_is_missing(
    name, both, no_subject_type, no_object_type, neither
):
    assert ask(name) == both
    assert ask(name, ("NONE", "PER")) == no_subject_type
    assert ask(name, ("ORG", "NONE")) == no_object_type
    assert ask(name, ("NONE", "NONE")) == neither


def test_type_without_a_word_shows_itself():
    assert ask("semantic_typing", ("NAVY", "PER")) == (
        "What is the relation between the NAVY Acme and the person Kim?"
    )


def test_marked_query_has_its_special_tokens():
    entities = Entity("[SE]", 0, 4, "ORG"), Entity("Kim", 5, 8, "NONE")
    written = ENGLISH["semantic_typing_marked"](*entities, TYPE_WORDS)
    special = [(span.start_char, written.text[span.start_char : span.end_char])
               for span in written.special]  # fmt: skip
    assert special == [(29, "[SE]"), (54, "[/SE]"), (64, "[OE]"), (73, "[/OE]")]


@pytest.mark.parametrize("name", ENGLISH)
@pytest.mark.parametrize("types", [("ORG", "PER"), ("NONE", "NONE")])
def test_no_query_is_korean_or_inflects_a_particle(name, types):
    assert ask(name, types).isascii()
