"""How a sentence shows its two entities to the encoder: one function per representation.

A new representation is one more short function like :func:`typed_entity_marker_punct` (it only says
what stands before and after each entity) and one more line in :data:`REPRESENTATIONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from klue_pipeline.relation.entities import Entity, type_word


@dataclass(frozen=True, slots=True)
class CharSpan:
    """A piece of a text: its first character, counted from 0, and the place after its last."""

    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True)
class MarkedEntity:
    """Where an entity stands in a marked text.

    Attributes:
        block: The entity with both its markers.
        word: The entity's own words inside the block.
    """

    block: CharSpan
    word: CharSpan


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A sentence with markers around its entities, and where they are."""

    text: str
    subject: MarkedEntity
    object: MarkedEntity


@dataclass(frozen=True, slots=True)
class _Surrounded:
    """An entity with what is written before and after it, blanks included."""

    entity: Entity
    opening: str
    closing: str


Representation = Callable[[str, Entity, Entity, Mapping[str, str]], MarkedText]
"""Takes the sentence, its subject, its object and the words for entity types."""


def typed_entity_marker_punct(
    sentence: str, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> MarkedText:
    """Write markers of plain punctuation with the type's word inside.

    This is the "typed entity marker (punct)" of Zhou and Chen (2022), "An Improved Baseline for
    Sentence-level Relation Extraction". It needs no new tokens, so that a pretrained encoder reads
    it with embeddings it already has.

    Args:
        sentence: The original sentence.
        subject: Its subject; may stand before or after the object.
        object_: Its object.
        type_words: The word to write for each entity type.

    Raises:
        ValueError: The spans overlap or leave the sentence.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> words = {"PER": "사람", "ORG": "조직"}
    >>> typed_entity_marker_punct("이순신은 수군을 이끌었다.", subject, object_, words).text
    '@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다.'
    """
    return _surround(
        sentence,
        _Surrounded(subject, f"@ * {type_word(subject, type_words)} * ", " @"),
        _Surrounded(object_, f"# ^ {type_word(object_, type_words)} ^ ", " #"),
    )


REPRESENTATIONS: dict[str, Representation] = {
    "typed_entity_marker_punct": typed_entity_marker_punct,
}
"""Every representation by the name it has in ``input.name``."""


def strip_markers(marked: MarkedText) -> str:
    """Return the original sentence of a marked text.

    >>> subject, object_ = Entity("A#", 3, 5, "ORG"), Entity("@B", 0, 2, "PER")
    >>> strip_markers(typed_entity_marker_punct("@B A#!", subject, object_, {}))
    '@B A#!'
    """
    text, pieces, cursor = marked.text, [], 0
    for entity in sorted((marked.subject, marked.object), key=lambda e: e.block.start_char):
        pieces.append(text[cursor : entity.block.start_char])
        pieces.append(text[entity.word.start_char : entity.word.end_char])
        cursor = entity.block.end_char
    return "".join(pieces) + text[cursor:]


def _surround(sentence: str, subject: _Surrounded, object_: _Surrounded) -> MarkedText:
    """Build the marked text from left to right and note where each piece lands.

    Nothing is searched for, so text that looks like a marker cannot be taken for one.
    """
    first, second = sorted((subject, object_), key=lambda piece: piece.entity.start_char)
    before, between, after = _around(sentence, first.entity, second.entity)
    pieces = [before, *_pieces(sentence, first), between, *_pieces(sentence, second), after]
    borders = list(accumulate((len(piece) for piece in pieces), initial=0))
    places = [_place(borders[1:5]), _place(borders[5:9])]
    if first is object_:
        places.reverse()
    return MarkedText("".join(pieces), *places)


def _around(sentence: str, first: Entity, second: Entity) -> tuple[str, str, str]:
    """Return the text before, between and after two entities that stand in this order."""
    ends = (0, first.start_char, first.end_char, second.start_char, second.end_char, len(sentence))
    empty = first.start_char == first.end_char or second.start_char == second.end_char
    if empty or list(ends) != sorted(ends):
        raise ValueError(
            f"Entities at {ends[1:3]} and {ends[3:5]} of a sentence of {len(sentence)} characters; "
            "two non-empty spans that do not overlap, with exclusive ends, were wanted."
        )
    return sentence[: ends[1]], sentence[ends[2] : ends[3]], sentence[ends[4] :]


def _pieces(sentence: str, piece: _Surrounded) -> tuple[str, str, str]:
    word = sentence[piece.entity.start_char : piece.entity.end_char]
    return piece.opening, word, piece.closing


def _place(borders: list[int]) -> MarkedEntity:
    """Name the four borders around an entity's opening, word and closing."""
    block_start, word_start, word_end, block_end = borders
    return MarkedEntity(CharSpan(block_start, block_end), CharSpan(word_start, word_end))
