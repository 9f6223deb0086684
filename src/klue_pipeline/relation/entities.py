"""The two marked words of a sentence, as the functions that write them for an encoder see them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """One of the two entities of a sentence.

    Attributes:
        text: The entity's own words, as they stand in the sentence.
        start_char: Place of its first character in the sentence, counted from 0.
        end_char: Place after its last character.
        type: Entity type, such as ``PER``.
    """

    text: str
    start_char: int
    end_char: int
    type: str


def type_word(entity: Entity, type_words: Mapping[str, str]) -> str:
    """Return the natural word for an entity's type; a type without one shows itself.

    >>> type_word(Entity("수군", 5, 7, "ORG"), {"ORG": "조직"})
    '조직'
    >>> type_word(Entity("수군", 5, 7, "NAVY"), {"ORG": "조직"})
    'NAVY'
    """
    return type_words.get(entity.type, entity.type)
