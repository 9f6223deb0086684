"""How a sentence shows its two entities to the encoder: one function per representation.

A new representation is one more short function like :func:`typed_entity_marker_punct` (it only says
what stands before and after each entity) and one more line in :data:`REPRESENTATIONS`. One with
special tokens of its own describes them in :mod:`klue_pipeline.relation.inputs.special_tokens`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from klue_pipeline.relation.ingest.entities import Entity, write_type
from klue_pipeline.relation.inputs.special_tokens import (
    OBJECT_MARKERS,
    SUBJECT_MARKERS,
    object_mask,
    object_type_markers,
    subject_mask,
    subject_type_markers,
)
from klue_pipeline.text.written_texts import CharSpan, WrittenText, join_pieces


@dataclass(frozen=True, slots=True)
class MarkedEntity:
    """Where an entity stands in a marked text.

    Attributes:
        block: The entity with both its markers.
        word: The entity's own words inside the block; empty if they are not written.
        hidden_word: The entity's own words if they are not written, else an empty string.
    """

    block: CharSpan
    word: CharSpan
    hidden_word: str = ""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A sentence with markers around its entities, and where they are.

    Attributes:
        text: The sentence with its markers.
        subject: Where the subject is.
        object: Where the object is.
        special: Which stretches of ``text`` are special tokens, in order.
        prefix: Texts that stand before the sentence, apart from it and from one another.
    """

    text: str
    subject: MarkedEntity
    object: MarkedEntity
    special: tuple[CharSpan, ...] = ()
    prefix: tuple[str, ...] = ()

    @property
    def written(self) -> WrittenText:
        """The marked sentence as a text for a tokenizer."""
        return WrittenText(self.text, self.special)


@dataclass(frozen=True, slots=True)
class _Surrounded:
    """An entity with what is written before and after it, blanks included."""

    entity: Entity
    opening: str
    closing: str
    hides_word: bool = False


Representation = Callable[[str, Entity, Entity, Mapping[str, str]], MarkedText]
"""Takes the sentence, its subject, its object and the words for entity types."""


def pair_prefix(
    sentence: str,
    subject: Entity,
    object_: Entity,
    type_words: Mapping[str, str],  # noqa: ARG001
) -> MarkedText:
    """Name both entities before the sentence, and leave them in it as they are.

    This is the input of the KLUE contest's baseline, ``subject [SEP] object`` and the sentence.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> marked = pair_prefix("이순신은 수군을 이끌었다.", subject, object_, {})
    >>> marked.prefix, marked.text
    (('이순신', '수군'), '이순신은 수군을 이끌었다.')
    """
    bare = _surround(sentence, _Surrounded(subject, "", ""), _Surrounded(object_, "", ""))
    return replace(bare, prefix=(subject.text, object_.text))


def entity_marker(
    sentence: str,
    subject: Entity,
    object_: Entity,
    type_words: Mapping[str, str],  # noqa: ARG001
) -> MarkedText:
    """Write a special token before and after each entity, as KLUE's own baseline does.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> entity_marker("이순신은 수군을 이끌었다.", subject, object_, {}).text
    '<subj>이순신</subj>은 <obj>수군</obj>을 이끌었다.'
    """
    return _surround(
        sentence, _Surrounded(subject, *SUBJECT_MARKERS), _Surrounded(object_, *OBJECT_MARKERS)
    )


def entity_marker_with_prefix(
    sentence: str, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> MarkedText:
    """Write :func:`entity_marker` and name both entities before the sentence.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> entity_marker_with_prefix("이순신은 수군을 이끌었다.", subject, object_, {}).prefix
    ('이순신-수군',)
    """
    marked = entity_marker(sentence, subject, object_, type_words)
    return replace(marked, prefix=(f"{subject.text}-{object_.text}",))


def typed_entity_marker(
    sentence: str, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> MarkedText:
    """Write special tokens that tell each entity's type.

    A type that has no word in ``type_words`` has no token either and gets one for any other type.

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "NAVY")
    >>> typed_entity_marker("이순신은 수군을 이끌었다.", subject, object_, {"PER": "사람"}).text
    '<S:PER>이순신</S:PER>은 <O>수군</O>을 이끌었다.'
    """
    return _surround(
        sentence,
        _Surrounded(subject, *subject_type_markers(subject.type, type_words)),
        _Surrounded(object_, *object_type_markers(object_.type, type_words)),
    )


def entity_marker_punct(
    sentence: str,
    subject: Entity,
    object_: Entity,
    type_words: Mapping[str, str],  # noqa: ARG001
) -> MarkedText:
    """Write markers of plain punctuation: the "entity marker (punct)" of Zhou and Chen (2022).

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    >>> entity_marker_punct("이순신은 수군을 이끌었다.", subject, object_, {}).text
    '@ 이순신 @은 # 수군 #을 이끌었다.'
    """
    return _surround(sentence, _Surrounded(subject, "@ ", " @"), _Surrounded(object_, "# ", " #"))


def typed_entity_marker_punct(
    sentence: str, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> MarkedText:
    """Write markers of plain punctuation with the type's word inside.

    This is the "typed entity marker (punct)" of Zhou and Chen (2022), "An Improved Baseline for
    Sentence-level Relation Extraction". It needs no new tokens, so that a pretrained encoder reads
    it with embeddings it already has. An entity without a type gets :func:`entity_marker_punct`'s.

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
    >>> untyped = Entity("이순신", 0, 3, "NONE")
    >>> typed_entity_marker_punct("이순신은 수군을 이끌었다.", untyped, object_, words).text
    '@ 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다.'
    """
    return _surround(
        sentence,
        _Surrounded(subject, f"@ {write_type('* {} * ', subject, type_words)}", " @"),
        _Surrounded(object_, f"# {write_type('^ {} ^ ', object_, type_words)}", " #"),
    )


def entity_mask(
    sentence: str, subject: Entity, object_: Entity, type_words: Mapping[str, str]
) -> MarkedText:
    """Put one special token in the place of each entity, so that only the context is left to read.

    This is the "entity mask" of Zhang et al. (2017), "Position-aware Attention and Supervised Data
    Improve Slot Filling".

    >>> subject, object_ = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "NAVY")
    >>> entity_mask("이순신은 수군을 이끌었다.", subject, object_, {"PER": "사람"}).text
    '[SUBJ-PER]은 [OBJ]을 이끌었다.'
    """
    return _surround(
        sentence,
        _Surrounded(subject, subject_mask(subject.type, type_words), "", hides_word=True),
        _Surrounded(object_, object_mask(object_.type, type_words), "", hides_word=True),
    )


REPRESENTATIONS: dict[str, Representation] = {
    "pair_prefix": pair_prefix,
    "entity_marker": entity_marker,
    "entity_marker_with_prefix": entity_marker_with_prefix,
    "typed_entity_marker": typed_entity_marker,
    "entity_marker_punct": entity_marker_punct,
    "typed_entity_marker_punct": typed_entity_marker_punct,
    "entity_mask": entity_mask,
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
        word = text[entity.word.start_char : entity.word.end_char]
        pieces.append(entity.hidden_word or word)
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
    places = _place(sentence, first, borders[1:5]), _place(sentence, second, borders[5:9])
    subject_place, object_place = places if first is subject else places[::-1]
    written = join_pieces(*pieces)
    return MarkedText(written.text, subject_place, object_place, written.special)


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
    return piece.opening, "" if piece.hides_word else _word(sentence, piece), piece.closing


def _place(sentence: str, piece: _Surrounded, borders: list[int]) -> MarkedEntity:
    """Name the four borders around an entity's opening, word and closing."""
    block_start, word_start, word_end, block_end = borders
    return MarkedEntity(
        block=CharSpan(block_start, block_end),
        word=CharSpan(word_start, word_end),
        hidden_word=_word(sentence, piece) if piece.hides_word else "",
    )


def _word(sentence: str, piece: _Surrounded) -> str:
    return sentence[piece.entity.start_char : piece.entity.end_char]
