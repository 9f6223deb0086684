"""The queries in English, each saying what its namesake in ``korean`` says.

An entity without a type is written without one. No wording needs an article before a type, because
the words for types are settings.
"""

from collections.abc import Callable, Mapping

from klue_pipeline.relation.ingest.entities import Entity, type_word, write_type
from klue_pipeline.relation.inputs.special_tokens import OBJECT_ASKED, SUBJECT_ASKED
from klue_pipeline.text.written_texts import WrittenText, join_pieces


def question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask for the relation in plain English.

    >>> question(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'What is the relation between Acme and Kim?'
    """
    return f"What is the relation between {subject.text} and {object_.text}?"


def prompt1(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Name the two entities and their relation.

    >>> prompt1(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'The relation between Acme and Kim'
    """
    return f"The relation between {subject.text} and {object_.text}"


def prompt2(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Say that the relation is one in the sentence that follows.

    >>> prompt2(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'In the following sentence, the relation between Acme and Kim'
    """
    return f"In the following sentence, the relation between {subject.text} and {object_.text}"


def prompt4(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask for the relation in the sentence that follows.

    >>> prompt4(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'In the following sentence, how are Acme and Kim related?'
    """
    return f"In the following sentence, how are {subject.text} and {object_.text} related?"


def prompt5(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask for the relation, less formally than :func:`question`.

    >>> prompt5(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'How are Acme and Kim related?'
    """
    return f"How are {subject.text} and {object_.text} related?"


def semantic_typing(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Say what each entity is, and ask for the relation between them.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER")
    >>> semantic_typing(subject, object_, {"ORG": "organization", "PER": "person"})
    'What is the relation between the organization Acme and the person Kim?'
    >>> semantic_typing(subject, Entity("Kim", 9, 12, "NONE"), {"ORG": "organization"})
    'What is the relation between the organization Acme and Kim?'
    """
    return f"What is the relation between {_both_with_types(subject, object_, type_words)}?"


def semantic_typing_marked(
    subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> WrittenText:
    """Ask for the relation of the entities between special tokens, each with its type.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "NONE")
    >>> semantic_typing_marked(subject, object_, {"ORG": "organization"}).text
    'What is the relation between [SE] Acme (organization) [/SE] and [OE] Kim [/OE]?'
    """
    return join_pieces(
        "What is the relation between ",
        SUBJECT_ASKED[0],
        f" {subject.text}{write_type(' ({})', subject, type_words)} ",
        SUBJECT_ASKED[1],
        " and ",
        OBJECT_ASKED[0],
        f" {object_.text}{write_type(' ({})', object_, type_words)} ",
        OBJECT_ASKED[1],
        "?",
    )


def typed_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the relation is one between the two types, or name it where a type is missing.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER")
    >>> typed_relation(subject, object_, {"ORG": "organization", "PER": "person"})
    'The relation between Acme and Kim is one of organization and person.'
    >>> typed_relation(subject, Entity("Kim", 9, 12, "NONE"), {"ORG": "organization"})
    'This is the relation between the organization Acme and Kim.'
    """
    of_types = _one_of_types(subject, object_, type_words)
    if of_types is None:
        return f"This is the relation between {_both_with_types(subject, object_, type_words)}."
    return f"{prompt1(subject, object_, type_words)} is {of_types}."


def typed_relation_question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Ask whether the relation is one between the two types, or which where a type is missing.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER")
    >>> typed_relation_question(subject, object_, {"ORG": "organization", "PER": "person"})
    'Is the relation between Acme and Kim one of organization and person?'
    >>> typed_relation_question(subject, Entity("Kim", 9, 12, "NONE"), {"ORG": "organization"})
    'What is the relation between the organization Acme and Kim?'
    """
    of_types = _one_of_types(subject, object_, type_words)
    if of_types is None:
        return semantic_typing(subject, object_, type_words)
    return f"Is the relation between {subject.text} and {object_.text} {of_types}?"


def typed_description(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """State that the object is something of the subject's, or ask what, if it has no type.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER")
    >>> typed_description(subject, object_, {"ORG": "organization", "PER": "person"})
    "Kim is the organization Acme's person."
    >>> typed_description(subject, Entity("Kim", 9, 12, "NONE"), {"ORG": "organization"})
    'What is Kim to the organization Acme?'
    """
    owner, object_type = _after_type(subject, type_words), type_word(object_, type_words)
    if object_type is None:
        return f"What is {object_.text} to {owner}?"
    return f"{object_.text} is {owner}'s {object_type}."


def punct_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    """Name the two entities in markers of punctuation with their types.

    >>> subject, object_ = Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "NONE")
    >>> punct_relation(subject, object_, {"ORG": "organization"})
    'The relation between @*organization*Acme@ and #Kim#'
    """
    asked = f"@{write_type('*{}*', subject, type_words)}{subject.text}@"
    other = f"#{write_type('^{}^', object_, type_words)}{object_.text}#"
    return f"The relation between {asked} and {other}"


def which_relation(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask in colloquial English what the two have to do with each other.

    >>> which_relation(Entity("Acme", 0, 4, "ORG"), Entity("Kim", 9, 12, "PER"), {})
    'What do Acme and Kim have to do with each other?'
    """
    return f"What do {subject.text} and {object_.text} have to do with each other?"


def _one_of_types(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str | None:
    subject_type, object_type = type_word(subject, type_words), type_word(object_, type_words)
    if subject_type is None or object_type is None:
        return None
    return f"one of {subject_type} and {object_type}"


def _both_with_types(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:
    return f"{_after_type(subject, type_words)} and {_after_type(object_, type_words)}"


def _after_type(entity: Entity, type_words: Mapping[str, str]) -> str:
    return f"{write_type('the {} ', entity, type_words)}{entity.text}"


ENGLISH: dict[str, Callable[[Entity, Entity, Mapping[str, str]], str | WrittenText]] = {
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
"""Every query but ``none`` in English, by the name it has in ``input.query``."""
