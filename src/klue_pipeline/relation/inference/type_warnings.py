"""Warnings about entity types that a model has to do without, each logged once."""

import logging
from collections.abc import Sequence
from threading import Lock

import pandas as pd

from klue_pipeline.relation.ingest.parsing.raw_row import shorten
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.inputs.missing_types import settings_that_tell_types
from klue_pipeline.relation.model.relation_model import RelationConfig

logger = logging.getLogger(__name__)

_MOST_REPORTED = 50
"""Types that are named one by one; a server may be asked with ever new ones."""

TYPES_NOT_READ = ""
"""Stands for all types that are given to a model which learned without any."""


class TypeWarnings:
    """Warns once of entities without a type, and once of every type that training did not have.

    For models that learned without types it warns once of those that are given; for models that do
    not read types it says nothing.

    Args:
        configs: What the models learned from.
    """

    def __init__(self, configs: Sequence[RelationConfig]) -> None:
        self._learned = frozenset[str]().union(*map(_types_read, configs))
        self._had_none = all(set(config.entity_types) <= {NO_TYPE} for config in configs)
        self._reported: set[str] = set()
        self._lock = Lock()

    def look_at(self, sentences: pd.DataFrame) -> None:
        """Look at the types of rows that a model can read.

        Args:
            sentences: A table of schema ``TestSentences``.
        """
        if "problem" in sentences:
            sentences = sentences.loc[sentences["problem"].isna()]
        types = pd.concat([sentences["subject_type"], sentences["object_type"]])
        found = set(types.fillna(NO_TYPE))
        with self._lock:  # of several threads only one logs it
            room = _MOST_REPORTED - len(self._reported)
            new = sorted(self._news(found))[:room]
            self._reported.update(new)
        for name in new:
            self._warn_of(name)

    def _news(self, found: set[str]) -> set[str]:
        """Return the types found that are worth a warning and had none yet."""
        if self._learned:
            return found - self._learned - self._reported
        return {TYPES_NOT_READ} - self._reported if self._had_none and found - {NO_TYPE} else set()

    def _warn_of(self, name: str) -> None:
        if name == TYPES_NOT_READ:
            logger.warning(
                "The model learned without entity types; those that are given are not read."
            )
            return
        learned = ", ".join(sorted(self._learned))
        if name == NO_TYPE:
            logger.warning(
                "The model learned with entity types (%s), but some entities come without one and "
                "are read as of an unknown type; give subject_type and object_type.",
                learned,
            )
        else:
            logger.warning(
                "Entity type %s was not in training, which had %s; it is read as an unknown type.",
                shorten(repr(name)),
                learned,
            )


def _types_read(config: RelationConfig) -> frozenset[str]:
    """Return the types that a model learned and that it can tell apart from none."""
    reads_types = (
        config.head.name == "type_restricted"
        or config.input.entity_embedding == "role_and_type"
        or bool(settings_that_tell_types(config.input))
    )
    return frozenset(config.entity_types) - {NO_TYPE} if reads_types else frozenset()
