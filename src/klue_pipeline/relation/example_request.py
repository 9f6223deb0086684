"""A sentence to ask a model about: shown on its card, and sent to try a server."""

from dataclasses import dataclass

from klue_pipeline.relation.params import Language


@dataclass(frozen=True)
class ExampleEntity:
    """An entity of the example. Ends are exclusive."""

    word: str
    start_char: int
    end_char: int
    entity_type: str


@dataclass(frozen=True)
class ExampleRequest:
    """A sentence with its two entities."""

    sentence: str
    subject: ExampleEntity
    object: ExampleEntity


EXAMPLES: dict[Language, ExampleRequest] = {
    "ko": ExampleRequest(
        "이순신은 조선의 무신이다.",
        ExampleEntity("이순신", 0, 3, "PER"),
        ExampleEntity("조선", 5, 7, "LOC"),
    ),
    "en": ExampleRequest(
        "Ada Lovelace was born in London.",
        ExampleEntity("Ada Lovelace", 0, 12, "PER"),
        ExampleEntity("London", 25, 31, "LOC"),
    ),
}
"""The example in each language."""
