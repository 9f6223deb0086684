"""Translations, and chains of translators: texts in, texts in another language out.

How one model translates stands in ``translation_model.py``; what the texts are, what is done with
the translations and where they are kept is decided elsewhere.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from klue_pipeline.training.fingerprint import hash_file

TOO_LONG = "longer than the translation model reads"
CUT_OFF = "translation longer than max_new_tokens"
EMPTY = "translation is empty"
_DIRECTION = re.compile(r"(?P<model>.*\S)\s+(?P<source>[\w-]+)>(?P<target>[\w-]+)")


class Translation(NamedTuple):
    """What became of a text.

    Attributes:
        text: The translation; empty if there is none.
        problem: Why there is none, in a few words; empty if there is one.
    """

    text: str
    problem: str = ""


Translate = Callable[[Sequence[str]], Iterable[Mapping[int, Translation]]]
"""Translates texts in batches: yields translations by the place of their text among those given.
Every place comes exactly once, in any order."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A translation model, and which way it translates.

    Attributes:
        model: A folder or a hub id.
        source: The language it reads, as its tokenizer spells it; None for a model of one
            direction.
        target: The language it writes.
    """

    model: str
    source: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How translations are made.

    Attributes:
        num_beams: Beams of the beam search; 1 is greedy search.
        max_new_tokens: Longest translation in tokens; longer ones are given up.
        batch_size: Texts that are translated at once.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    """

    num_beams: int
    max_new_tokens: int
    batch_size: int
    device: str


def read_direction(spelled: str) -> Direction:
    """Read a model's name with, for a model of many languages, from which to which.

    >>> read_direction("Helsinki-NLP/opus-mt-ko-en").target is None
    True
    >>> read_direction("facebook/nllb-200-distilled-600M kor_Hang>jpn_Jpan").source
    'kor_Hang'
    """
    found = _DIRECTION.fullmatch(spelled.strip())
    return Direction(**found.groupdict()) if found else Direction(spelled.strip())


def translate_by_way_of(steps: Sequence[Translate], texts: Sequence[str]) -> list[Translation]:
    """Send texts through all steps, one after the other.

    Args:
        steps: Translators, the next one reading what the one before wrote.
        texts: What to translate.

    Returns:
        One for each text, in order; the problem is the first one on its way.
    """
    results = [Translation(text) for text in texts]
    for translate in steps:
        places = [place for place, result in enumerate(results) if not result.problem]
        for batch in translate([results[place].text for place in places]):
            for index, translation in batch.items():
                results[places[index]] = translation
    return results


def describe_direction(direction: Direction, settings: GenerationSettings) -> dict[str, object]:
    """Return all that decides a translation besides the text, for a fingerprint.

    For a folder that is the content of its files. A hub id stands for itself: what its owner
    changes there later goes unnoticed. Batches and the device change nothing but rounding.
    """
    folder = Path(direction.model)
    return {
        "model": direction.model,
        "source": direction.source,
        "target": direction.target,
        "num_beams": settings.num_beams,
        "max_new_tokens": settings.max_new_tokens,
        "files": _hash_files(folder) if folder.is_dir() else None,
    }


def _hash_files(folder: Path) -> dict[str, str]:
    return {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.is_file()}
