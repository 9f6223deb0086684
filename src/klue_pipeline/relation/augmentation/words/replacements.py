"""Words that take the place of stems: where they come from, and how they are drawn.

The sources are ``synonyms``, a user's table, and ``word_guesses``, a masked language model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.stems import Stem, draw_stems
from klue_pipeline.text.morphemes import Morpheme, analyse


@dataclass(frozen=True, slots=True)
class WordChoice:
    """Words of which one may be taken.

    Attributes:
        words: The words; may be none.
        probabilities: How likely each is drawn; they sum to 1.
    """

    words: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()

    def draw(self, generator: np.random.Generator) -> str | None:
        """Draw one of the words; None if there is none.

        A number from 0 to 1 picks it, so that the last bits of the probabilities, which depend on
        what else was in a model's batch, hardly ever decide.
        """
        if not self.words:
            return None
        borders = np.cumsum(self.probabilities)
        place = int(np.searchsorted(borders, generator.random() * borders[-1], side="right"))
        return self.words[min(place, len(self.words) - 1)]


class WordRequest(NamedTuple):
    """Stems of a row for which other words are wanted, from left to right."""

    example: Example
    stems: tuple[Stem, ...]


class WordSource(Protocol):
    """Where other words come from."""

    def find_stems(self, example: Example, morphemes: Sequence[Morpheme]) -> list[Stem]:
        """Return what could be replaced in a row: at most one stem for each free word."""
        ...

    def find_words(self, requests: Sequence[WordRequest]) -> list[list[WordChoice]]:
        """Return the words for each stem of each request."""
        ...


class Replacement(NamedTuple):
    """A stem, and the word that could take its place; None if there is none."""

    stem: Stem
    word: str | None


def draw_replacements(
    rows: Sequence[Example],
    generators: Sequence[np.random.Generator],
    share: float,
    source: WordSource,
) -> list[list[Replacement]]:
    """Draw, for each row, stems that make up a share of its free words, and words for them.

    Args:
        rows: The rows; some may be equal.
        generators: Where the chance of each row comes from.
        share: Share of the free words that change, at least one.
        source: Where words come from.

    Returns:
        The replacements of each row; none if the source knows none of its words.
    """
    sentences = list(dict.fromkeys(row.sentence for row in rows))
    morphemes = dict(zip(sentences, analyse(sentences), strict=True))
    requests = []
    for row, generator in zip(rows, generators, strict=True):
        stems = source.find_stems(row, morphemes[row.sentence])
        requests.append(WordRequest(row, tuple(draw_stems(row, stems, share, generator))))
    choices = source.find_words(requests)
    return [
        [Replacement(s, c.draw(generator)) for s, c in zip(request.stems, chosen, strict=True)]
        for request, chosen, generator in zip(requests, choices, generators, strict=True)
    ]
