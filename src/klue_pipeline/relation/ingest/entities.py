"""The two marked words of a sentence, as the functions that write them for an encoder see them."""

from collections.abc import Mapping
from dataclasses import dataclass

from klue_pipeline.relation.ingest.sentence_table import NO_TYPE


@dataclass(frozen=True, slots=True)
class Entity:
    """One of the two entities of a sentence.

    Attributes:
        text: The entity's own words, as they stand in the sentence.
        start_char: Place of its first character in the sentence, counted from 0.
        end_char: Place after its last character.
        type: Entity type, such as ``PER``; ``NO_TYPE`` where the raw file has none.
    """

    text: str
    start_char: int
    end_char: int
    type: str


def type_word(entity: Entity, type_words: Mapping[str, str]) -> str | None:
    """Return the natural word for an entity's type; a type without one shows itself.

    An entity without a type has no word, unless ``type_words`` has one for ``NO_TYPE``.

    >>> type_word(Entity("수군", 5, 7, "ORG"), {"ORG": "조직"})
    '조직'
    >>> type_word(Entity("수군", 5, 7, "NAVY"), {"ORG": "조직"})
    'NAVY'
    >>> type_word(Entity("수군", 5, 7, "NONE"), {"ORG": "조직"}) is None
    True
    """
    return type_words.get(entity.type, None if entity.type == NO_TYPE else entity.type)


def write_type(pattern: str, entity: Entity, type_words: Mapping[str, str]) -> str:
    """Write the word for an entity's type into a pattern; nothing for an entity without one.

    >>> write_type("* {} * ", Entity("수군", 5, 7, "ORG"), {"ORG": "조직"})
    '* 조직 * '
    >>> write_type("* {} * ", Entity("수군", 5, 7, "NONE"), {"ORG": "조직"})
    ''
    """
    word = type_word(entity, type_words)
    return "" if word is None else pattern.format(word)
