"""A question is cut between two words, and its halves swapped: it asks the same."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from klue_pipeline.odqa.augmentation.question_row import NewRows, QuestionRow, draw_rows
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams

_LEAST_WORDS = 3
_FIRST_SHARE, _LAST_SHARE = 0.2, 0.8


def flip_questions(rows: Sequence[QuestionRow], params: QuestionAugmentParams) -> NewRows:
    """Make a flipped copy of a share of the questions that have three words or more."""
    made = NewRows()
    for row, generator in draw_rows(rows, params.seed, "random_flip", params.random_flip.share):
        flipped = flip(row.question, generator)
        if flipped is None:
            made.left_out[f"fewer than {_LEAST_WORDS} words"] += 1
        else:
            made.rows.append(replace(row, question=flipped))
    return made


def flip(question: str, generator: np.random.Generator) -> str | None:
    """Swap the halves of a question around a place from 20 to 80 % of its words.

    Args:
        question: Its text.
        generator: Draws the place.

    Returns:
        The other text; None for one of fewer than three words.

    >>> flip("충무공의 고향은 어디인가?", np.random.default_rng(0))
    '어디인가? 충무공의 고향은'
    """
    words = question.split()
    if len(words) < _LEAST_WORDS:
        return None
    first = math.ceil(_FIRST_SHARE * len(words))
    last = math.floor(_LAST_SHARE * len(words))
    place = int(generator.integers(first, last, endpoint=True))
    return " ".join(words[place:] + words[:place])
