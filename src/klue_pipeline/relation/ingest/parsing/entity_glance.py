"""A glance at where the entities of a table stand: offsets that are off by one are legal, too."""

import logging

from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow, shorten

logger = logging.getLogger(__name__)

FEWEST_ENTITIES = 10
LARGEST_SHARE = 0.3
"""Of entities that begin or end within a word, before that is worth a warning."""


class EntityGlance:
    """Shows the first row's entities, and warns if many begin or end in the middle of a word.

    Args:
        name: The file, for messages.
        setting: The group of settings that says how offsets count.
    """

    def __init__(self, name: str, setting: str) -> None:
        self._name, self._setting = name, setting
        self._shown = False
        self._n_entities, self._n_inside = 0, 0
        self._example = ""

    def look_at(self, row: RawRow) -> None:
        """Count the entities of a row."""
        entities = [each for each in (row.subject, row.object) if isinstance(each, RawEntity)]
        if len(entities) > 1 and not self._shown:
            words = [shorten(repr(entity.word)) for entity in entities]
            logger.info("%s: row %d is read as subject %s, object %s", self._name, row.row_number,
                        *words)  # fmt: skip
            self._shown = True
        for entity in entities:
            self._count(entity, row.sentence or "")

    def _count(self, entity: RawEntity, sentence: str) -> None:
        self._n_entities += 1
        if cuts_a_word(sentence, entity.start, entity.end):
            self._n_inside += 1
            around = sentence[max(entity.start - 2, 0) : entity.end + 2]
            self._example = self._example or (
                f"{shorten(repr(entity.word))} in {shorten(repr(around))}"
            )

    def warn(self) -> None:
        """Warn, once all rows were looked at."""
        few = self._n_entities < FEWEST_ENTITIES
        if few or self._n_inside <= LARGEST_SHARE * self._n_entities:
            return
        logger.warning(
            "%s: %d of %d entities begin or end in the middle of a word, such as %s. Are offsets "
            "counted from 0, and the ends of the kind that %s.ends says?",
            self._name,
            self._n_inside,
            self._n_entities,
            self._example,
            self._setting,
        )


def cuts_a_word(sentence: str, start: int, end: int) -> bool:
    """Tell whether a span begins within a word of any script, or ends within a Latin one.

    Korean writes particles right behind a word, so that an end within letters says nothing there.

    >>> cuts_a_word("Acme bought it", 0, 3), cuts_a_word("Acme bought it", 0, 4)
    (True, False)
    >>> cuts_a_word("누리는 한빛을 샀다", 4, 6), cuts_a_word("누리는 한빛을 샀다", 5, 7)
    (False, True)
    """
    begins_inside = 0 < start < len(sentence) and sentence[start - 1 : start + 1].isalnum()
    after = sentence[end - 1 : end + 1]
    ends_inside = len(after) > 1 and after.isascii() and after.isalpha()
    return begins_inside or ends_inside
