"""How a classifier behind a server is asked, and a request that shows it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from klue_pipeline.relation.inference.requests import OPTIONAL_COLUMNS, SENTENCE
from klue_pipeline.relation.settings.params import Language
from klue_pipeline.training.exporting.served_interface import ServedInterface
from klue_pipeline.training.loading.weights_file import GRAPH_FILE

INTERFACE = ServedInterface(
    loader="klue_pipeline.serving",
    wanted=SENTENCE,
    optional=OPTIONAL_COLUMNS,
    answers={"label": "text", "probability": "number", "probabilities": "numbers_by_name"},
    row="Sentence",
    refusal="cannot be classified",
    for_files="label a file with kedro run --pipelines predict_new",
)
"""Models that were saved before name this loader; another name would leave them behind."""


def interface_of(folder: Path) -> ServedInterface:
    """Return how an exported model is asked, with what its own runtime needs.

    Args:
        folder: The exported model, or its graphs.
    """
    if not list(folder.glob(f"*/{GRAPH_FILE}")):
        return INTERFACE
    return replace(INTERFACE, requirements=(*INTERFACE.requirements, "onnxruntime"))


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


def tabulate_request(example: ExampleRequest, entity_types: Collection[str]) -> pd.DataFrame:
    """Write the same request twice: with the offsets of both entities, and with their words.

    Args:
        example: What is asked.
        entity_types: The types that the model knows; another one is not told.

    Returns:
        Two rows; what a row does not say is None.
    """
    subject_type, object_type = (
        entity.entity_type if entity.entity_type in entity_types else None
        for entity in (example.subject, example.object)
    )
    by_offsets = {
        "sentence": example.sentence,
        "subject_start": example.subject.start_char,
        "subject_end": example.subject.end_char,
        "object_start": example.object.start_char,
        "object_end": example.object.end_char,
        "subject": None,
        "object": None,
        "subject_type": subject_type,
        "object_type": object_type,
    }
    no_offsets = {name: None for name in by_offsets if name.endswith(("_start", "_end"))}
    words = {"subject": example.subject.word, "object": example.object.word}
    return pd.DataFrame([by_offsets, {**by_offsets, **no_offsets, **words}], dtype=object)
