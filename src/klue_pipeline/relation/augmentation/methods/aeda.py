"""Punctuation marks are scattered between the words (AEDA, Karimi et al. 2021).

No word is lost or changed: marks come in, each as a word of its own before another word.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.free_words import count_of, mark_places
from klue_pipeline.relation.settings.augment_params import AedaParams

MARKS = (".", ";", "?", ":", "!", ",")
"""The marks of the paper."""

NO_PLACE = "no place for a mark outside of its entities"
REPEATED = "a copy equal to another one of its row"

_TRIES_PER_COPY = 4


def build_aeda(params: AedaParams, context: AugmentContext) -> Augment:
    """Prepare the insertion of marks.

    The number of marks of a copy is drawn evenly from 1 to ``max_share`` of the words (the paper
    takes a third), or to the number of places if that is less; places are before words, never
    inside an entity. Copies of a row differ, unless the draws repeat themselves.

    Args:
        params: Most marks as a share of the words, and the copies of each row.
        context: What is drawn; copies that were not made are counted in ``skipped``.

    Returns:
        A function from rows to up to ``copies`` new rows each.
    """

    def augment(rows: Sequence[Example]) -> Iterator[Example]:
        for row in rows:
            places = mark_places(row)
            if not places:
                context.skipped[NO_PLACE] += 1
                continue
            n_most = min(len(places), count_of(params.max_share, len(row.sentence.split())))
            draws = _draw_apart(places, n_most, params.copies, context.generator(row.row_id))
            if missing := params.copies - len(draws):
                context.skipped[REPEATED] += missing
            yield from (apply_edits(row, edits) for edits in draws)

    return augment


def _draw_apart(
    places: list[int], n_most: int, copies: int, generator: np.random.Generator
) -> list[tuple[Edit, ...]]:
    """Draw as many different sets of marks as wanted, giving up after some draws in vain."""
    drawn: dict[tuple[Edit, ...], None] = {}
    for _ in range(_TRIES_PER_COPY * copies):
        drawn.setdefault(_draw_marks(places, n_most, generator))
        if len(drawn) == copies:
            break
    return list(drawn)


def _draw_marks(places: list[int], n_most: int, generator: np.random.Generator) -> tuple[Edit, ...]:
    n_marks = generator.integers(1, n_most, endpoint=True)
    chosen = np.sort(generator.choice(len(places), n_marks, replace=False)).tolist()
    marks = generator.integers(len(MARKS), size=n_marks).tolist()
    return tuple(
        Edit(places[place], places[place], f"{MARKS[mark]} ")
        for place, mark in zip(chosen, marks, strict=True)
    )
