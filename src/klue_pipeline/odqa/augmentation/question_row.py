"""A question with the passage it is read with, and what a method may draw for it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams

_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question and its passage.

    Attributes:
        question_id: Its id; a row that is made of it keeps it.
        question: Its text.
        context: The text of the passage.
        answers: What answers it, the one that the row is for first.
        answer_starts: The place of each in the context.
    """

    question_id: str
    question: str
    context: str
    answers: tuple[str, ...]
    answer_starts: tuple[int, ...]


@dataclass(frozen=True)
class NewRows:
    """What a method made.

    Attributes:
        rows: In the order of the questions that they are made of.
        left_out: What was not made, counted by reason.
    """

    rows: list[QuestionRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


Augment = Callable[[Sequence[QuestionRow], QuestionAugmentParams], NewRows]


def draws_of(seed: int, method: str, question_id: str) -> np.random.Generator:
    """Return the source of what a method draws for a question.

    It depends on these three alone: other questions and other methods change nothing.
    """
    named = f"{seed}\0{method}\0{question_id}".encode()
    digest = hashlib.blake2b(named, digest_size=_HASH_BYTES).digest()
    return np.random.default_rng(int.from_bytes(digest))


def draw_rows(
    rows: Sequence[QuestionRow], seed: int, method: str, share: float
) -> list[tuple[QuestionRow, np.random.Generator]]:
    """Draw a share of the questions, each with what further draws come from."""
    drawn = ((row, draws_of(seed, method, row.question_id)) for row in rows)
    return [(row, generator) for row, generator in drawn if generator.random() < share]
