"""The question that may accompany a sentence as the second text of a pair: one function per query.

A new query is one more short function like ``question`` in the file of each language, and one more
line in the tables there. The prompts' names are those of the contest teams that compared them.
"""

from collections.abc import Callable, Mapping

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.queries.english import ENGLISH
from klue_pipeline.relation.inputs.queries.korean import KOREAN
from klue_pipeline.relation.settings.params import Language
from klue_pipeline.text.written_texts import WrittenText

Query = Callable[[Entity, Entity, Mapping[str, str]], str | WrittenText | None]
"""Takes subject, object and the words for entity types; None asks nothing."""


def no_query(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> None:  # noqa: ARG001
    """Ask nothing: the sentence stands alone."""
    return


QUERIES: dict[Language, dict[str, Query]] = {
    "ko": {"none": no_query, **KOREAN},
    "en": {"none": no_query, **ENGLISH},
}
"""Every query by ``input.language`` and the name it has in ``input.query``."""
