"""Words of a sentence that no entity touches."""

import re

from klue_pipeline.relation.augmentation.example import Example
from klue_pipeline.relation.texts import CharSpan

_WORD = re.compile(r"\S+")


def free_words(example: Example) -> list[CharSpan]:
    """Return the stretches between blanks (eojeol) that share no character with an entity.

    A word that an entity is a part of, such as its own particle, is not among them.

    >>> from klue_pipeline.relation.entities import Entity
    >>> row = Example("0", "이순신은 수군을 크게 이끌었다.", Entity("이순신", 0, 3, "PER"),
    ...               Entity("수군", 5, 7, "ORG"), "no_relation")
    >>> [row.sentence[word.start_char : word.end_char] for word in free_words(row)]
    ['크게', '이끌었다.']
    """
    spans = (CharSpan(*match.span()) for match in _WORD.finditer(example.sentence))
    return [span for span in spans if not _touches(span, example)]


def _touches(span: CharSpan, example: Example) -> bool:
    return any(
        span.start_char < entity.end_char and entity.start_char < span.end_char
        for entity in example.entities
    )
