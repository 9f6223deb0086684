"""Words of a sentence that no entity touches, and the places between words."""

import re
import unicodedata

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.text.written_texts import CharSpan, overlap

_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"[^\W_](?:\S*[^\W_])?")
_WORD_START = re.compile(r"(?<!\S)\S")


def free_words(example: Example) -> list[CharSpan]:
    """Return the stretches between blanks (eojeol) that share no character with an entity.

    A word that an entity is a part of, such as its own particle, is not among them.

    >>> from klue_pipeline.relation.ingest.entities import Entity
    >>> row = Example("0", "이순신은 수군을 크게 이끌었다.", Entity("이순신", 0, 3, "PER"),
    ...               Entity("수군", 5, 7, "ORG"), "no_relation")
    >>> [row.sentence[word.start_char : word.end_char] for word in free_words(row)]
    ['크게', '이끌었다.']
    """
    spans = (CharSpan(*match.span()) for match in _WORD.finditer(example.sentence))
    return [span for span in spans if not any(overlap(span, each) for each in example.entities)]


def maskable_words(example: Example) -> list[CharSpan]:
    """Return the words that no entity touches, each without the marks around it.

    >>> from klue_pipeline.relation.ingest.entities import Entity
    >>> row = Example("0", "“이순신은” 수군을 (크게) - 이끌었다.", Entity("이순신", 1, 4, "PER"),
    ...               Entity("수군", 7, 9, "ORG"), "no_relation")
    >>> [row.sentence[word.start_char : word.end_char] for word in maskable_words(row)]
    ['크게', '이끌었다']
    """
    cores = (_core(example.sentence, word) for word in free_words(example))
    return [core for core in cores if core is not None]


def _core(sentence: str, word: CharSpan) -> CharSpan | None:
    letters = _LETTERS.search(sentence, word.start_char, word.end_char)
    if letters is None:
        return None
    end = letters.end()
    # An accent that is a character of its own belongs to the letter before it.
    while end < word.end_char and unicodedata.category(sentence[end]).startswith("M"):
        end += 1
    return CharSpan(letters.start(), end)


def mark_places(example: Example) -> list[int]:
    """Return where words begin, counted in characters, except inside of an entity.

    >>> from klue_pipeline.relation.ingest.entities import Entity
    >>> row = Example("0", "배우 정 해인은 서울에 산다.", Entity("정 해인", 3, 7, "PER"),
    ...               Entity("서울", 9, 11, "LOC"), "no_relation")
    >>> mark_places(row)
    [0, 3, 9, 13]
    """
    starts = (match.start() for match in _WORD_START.finditer(example.sentence))
    insides = [range(each.start_char + 1, each.end_char) for each in example.entities]
    return [start for start in starts if not any(start in inside for inside in insides)]


def count_of(share: float, total: int) -> int:
    """Return how many a share of something is, and at least one.

    >>> count_of(0.1, 4), count_of(0.1, 26)
    (1, 3)
    """
    return max(1, round(share * total))
