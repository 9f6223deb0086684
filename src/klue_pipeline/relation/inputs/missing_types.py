"""Which rows of a table lack a type that their markers or their query would write, logged once.

How an entity without a type is written is up to ``markers`` and ``queries``.
"""

import logging
from collections.abc import Mapping

import pandas as pd

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.inputs.markers import REPRESENTATIONS
from klue_pipeline.relation.inputs.queries import QUERIES, write_query
from klue_pipeline.relation.inputs.special_tokens import TOKENS_OF_FORMAT
from klue_pipeline.relation.settings.params import InputParams

logger = logging.getLogger(__name__)

_WORDS: Mapping[str, str] = {"PER": "사람"}


def log_untyped(sentences: pd.DataFrame, input_params: InputParams) -> None:
    """Log how many rows lack a type that their markers or their query would tell.

    Args:
        sentences: Rows of a whole table.
        input_params: How a row is written.
    """
    settings = settings_that_tell_types(input_params)
    without = (sentences["subject_type"] == NO_TYPE) | (sentences["object_type"] == NO_TYPE)
    untyped = int(without.sum())
    if settings and untyped and NO_TYPE not in input_params.type_words:
        logger.info(
            "%d of %d rows have no type for one or both entities, which are written untyped (%s).",
            untyped,
            len(sentences),
            ", ".join(settings),
        )


def warn_of_types_without_token(sentences: pd.DataFrame, input_params: InputParams) -> None:
    """Warn of the types of training rows that have no special token, because they have no word.

    Args:
        sentences: The training rows.
        input_params: How a row is written.
    """
    if input_params.name not in TOKENS_OF_FORMAT or not _format_tells_types(input_params, _WORDS):
        return
    found = {*sentences["subject_type"].dropna(), *sentences["object_type"].dropna()}
    if missing := sorted(found.difference(input_params.type_words, {NO_TYPE})):
        logger.warning(
            "Training rows have entity types without a word, for which input.name=%s writes the "
            "token of any type: %s. Give each a word in input.type_words, such as "
            "input.type_words.%s=<word>.",
            input_params.name,
            ", ".join(missing),
            missing[0],
        )


def settings_that_tell_types(input_params: InputParams) -> list[str]:
    """Return the settings whose format or query writes the types of entities.

    Each is tried with and without types.

    >>> settings_that_tell_types(InputParams(name="typed_entity_marker_punct", query="question",
    ...                                      query_position="after", type_words={}))
    ['input.name=typed_entity_marker_punct']
    """
    words = input_params.type_words
    tells_types = {
        f"input.name={input_params.name}": _format_tells_types(input_params, words),
        f"input.query={input_params.query}": _query_tells_types(input_params, words),
    }
    return [setting for setting, tells in tells_types.items() if tells]


def _format_tells_types(input_params: InputParams, words: Mapping[str, str]) -> bool:
    represent = REPRESENTATIONS[input_params.name]
    return represent("가나", *_pair(words), words) != represent("가나", *_pair(None), words)


def _query_tells_types(input_params: InputParams, words: Mapping[str, str]) -> bool:
    templates = QUERIES[input_params.language][input_params.query]
    typed, untyped = (write_query(templates, *_pair(types), words) for types in (words, None))
    return typed != untyped


def _pair(words: Mapping[str, str] | None) -> tuple[Entity, Entity]:
    """Return two entities of a type that has a word, if any has; without a type for None."""
    name = NO_TYPE if words is None else next(iter(words), "PER")
    return Entity("가", 0, 1, name), Entity("나", 1, 2, name)
