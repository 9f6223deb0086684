"""The special tokens that input formats and queries add to a tokenizer, and what they stand for.

How they are spelled and described; where they stand in a text is said in ``markers`` and
``queries``, and how they are added to a tokenizer in ``tokenizer``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from klue_pipeline.relation.settings.params import InputParams, Language
from klue_pipeline.text.written_texts import SpecialToken
from klue_pipeline.training.tokenizer import Tokenizer
from klue_pipeline.training.tokens.tokenized_texts import special_token_id

SUBJECT_MARKERS = SpecialToken("<subj>"), SpecialToken("</subj>")
"""What KLUE's own baseline writes around the subject."""
OBJECT_MARKERS = SpecialToken("<obj>"), SpecialToken("</obj>")
"""What KLUE's own baseline writes around the object."""
SUBJECT_ASKED = SpecialToken("[SE]"), SpecialToken("[/SE]")
"""What stands around the subject in a query with special tokens."""
OBJECT_ASKED = SpecialToken("[OE]"), SpecialToken("[/OE]")
"""What stands around the object in a query with special tokens."""


@dataclass(frozen=True, slots=True)
class RoleWords:
    """The words of a language that describe special tokens, besides those for entity types.

    Attributes:
        subject: Describes what stands for the subject or before it.
        object: The same for the object.
        end: Tells a closing marker from its opening one.
    """

    subject: str
    object: str
    end: str


ROLE_WORDS: dict[Language, RoleWords] = {
    "ko": RoleWords("주체", "대상", "끝"),
    "en": RoleWords("subject", "object", "end"),
}
"""Describing words by ``input.language``."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a special token stands for.

    Attributes:
        word: The word whose pieces tell a new token's first embedding.
        type_name: The entity type it stands for, or an empty string.
    """

    word: str
    type_name: str = ""


def subject_type_markers(type_name: str, known_types: Mapping[str, str]) -> tuple[str, str]:
    """Return the markers around a subject of a type; a type that is not known gets ``<S>``.

    >>> subject_type_markers("PER", {"PER": "사람"}), subject_type_markers("NAVY", {"PER": "사람"})
    (('<S:PER>', '</S:PER>'), ('<S>', '</S>'))
    """
    return _typed_pair("S", type_name, known_types)


def object_type_markers(type_name: str, known_types: Mapping[str, str]) -> tuple[str, str]:
    """Return the markers around an object of a type; a type that is not known gets ``<O>``."""
    return _typed_pair("O", type_name, known_types)


def subject_mask(type_name: str, known_types: Mapping[str, str]) -> SpecialToken:
    """Return what stands for a subject of a type; a type that is not known gets ``[SUBJ]``.

    >>> subject_mask("PER", {"PER": "사람"}), subject_mask("NAVY", {"PER": "사람"})
    ('[SUBJ-PER]', '[SUBJ]')
    """
    return SpecialToken(f"[SUBJ-{type_name}]" if type_name in known_types else "[SUBJ]")


def object_mask(type_name: str, known_types: Mapping[str, str]) -> SpecialToken:
    """Return what stands for an object of a type; a type that is not known gets ``[OBJ]``."""
    return SpecialToken(f"[OBJ-{type_name}]" if type_name in known_types else "[OBJ]")


def _typed_pair(
    letter: str, type_name: str, known_types: Mapping[str, str]
) -> tuple[SpecialToken, SpecialToken]:
    name = f"{letter}:{type_name}" if type_name in known_types else letter
    return SpecialToken(f"<{name}>"), SpecialToken(f"</{name}>")


def describe_tokens(input_params: InputParams) -> dict[str, str]:
    """Return the special tokens that a format and a query need, with the word for each.

    A new token is no word that a pretrained encoder knows; it starts as the mean of the pieces of
    this one. The types are those of ``input.type_words``; one token more per kind stands for any
    other type.

    Args:
        input_params: Representation, query and type words.

    Returns:
        Token -> describing word, always in the same order; nothing for a plain format and query.

    >>> settings = InputParams(name="entity_marker", query="none", query_position="after",
    ...                        type_words={})
    >>> describe_tokens(settings)
    {'<subj>': '주체', '</subj>': '주체 끝', '<obj>': '대상', '</obj>': '대상 끝'}
    """
    return {token: description.word for token, description in _describe(input_params).items()}


def describing_ids(tokenizer: Tokenizer, input_params: InputParams) -> dict[int, list[int]]:
    """Return the id of each special token with the ids of its describing word's pieces.

    Pieces that the tokenizer does not know are left out. If none is left, the name of the entity
    type takes the word's place, and failing that the unknown token.

    Args:
        tokenizer: The run's tokenizer, with the special tokens already added.
        input_params: Representation, query and type words.

    Raises:
        ValueError: The tokenizer lacks one of the special tokens, or cannot spell its word at all.
    """
    return {
        special_token_id(tokenizer, token): _known_pieces(tokenizer, description)
        for token, description in _describe(input_params).items()
    }


def _known_pieces(tokenizer: Tokenizer, description: Description) -> list[int]:
    for words in (description.word, description.type_name):
        ids = tokenizer(words, add_special_tokens=False)["input_ids"]
        if known := [token_id for token_id in ids if token_id != tokenizer.unk_token_id]:
            return known
    if tokenizer.unk_token_id is None:
        raise ValueError(
            f"The tokenizer makes no token of {description.word!r} and has no unknown token; "
            "choose another encoder, or words it can spell in input.type_words."
        )
    return [tokenizer.unk_token_id]


def _describe(input_params: InputParams) -> dict[str, Description]:
    formats = TOKENS_OF_FORMAT.get(input_params.name, _no_tokens)
    queries = TOKENS_OF_QUERY.get(input_params.query, _no_tokens)
    words, type_words = ROLE_WORDS[input_params.language], input_params.type_words
    return dict([*formats(words, type_words), *queries(words, type_words)])


Described = Iterator[tuple[str, Description]]
Describe = Callable[[RoleWords, Mapping[str, str]], Described]
"""Takes the words for roles and those for entity types, in the same language."""


def _no_tokens(words: RoleWords, type_words: Mapping[str, str]) -> Described:  # noqa: ARG001
    yield from ()


def _entity_markers(words: RoleWords, type_words: Mapping[str, str]) -> Described:  # noqa: ARG001
    yield from _describe_pair(SUBJECT_MARKERS, words.subject, words.end)
    yield from _describe_pair(OBJECT_MARKERS, words.object, words.end)


def _asked_entities(words: RoleWords, type_words: Mapping[str, str]) -> Described:  # noqa: ARG001
    yield from _describe_pair(SUBJECT_ASKED, words.subject, words.end)
    yield from _describe_pair(OBJECT_ASKED, words.object, words.end)


def _typed_entity_markers(words: RoleWords, type_words: Mapping[str, str]) -> Described:
    roles = ((subject_type_markers, words.subject), (object_type_markers, words.object))
    for markers, role in roles:
        yield from _describe_pair(markers("", {}), role, words.end)
        for type_name, word in type_words.items():
            pair = markers(type_name, type_words)
            yield from _describe_pair(pair, f"{role} {word}", words.end, type_name)


def _entity_masks(words: RoleWords, type_words: Mapping[str, str]) -> Described:
    for mask, role in ((subject_mask, words.subject), (object_mask, words.object)):
        yield mask("", {}), Description(role)
        for type_name, word in type_words.items():
            yield mask(type_name, type_words), Description(f"{role} {word}", type_name)


def _describe_pair(pair: tuple[str, str], word: str, end: str, type_name: str = "") -> Described:
    """Describe an opening and a closing marker, which must not start with the same embedding."""
    opening, closing = pair
    yield opening, Description(word, type_name)
    yield closing, Description(f"{word} {end}", type_name)


TOKENS_OF_FORMAT: dict[str, Describe] = {
    "entity_marker": _entity_markers,
    "entity_marker_with_prefix": _entity_markers,
    "typed_entity_marker": _typed_entity_markers,
    "entity_mask": _entity_masks,
}
"""The special tokens of each representation that has any, by ``input.name``."""

TOKENS_OF_QUERY: dict[str, Describe] = {
    "semantic_typing_marked": _asked_entities,
}
"""The special tokens of each query that has any, by ``input.query``."""
