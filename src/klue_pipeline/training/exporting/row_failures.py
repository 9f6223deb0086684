"""Rows that a model fails on, found among those that it answers, so that one costs only itself."""

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

_MOST_FAILURES = 8
"""After so many rows without any answer it is not the rows that are at fault."""


def answer_each(
    n_rows: int, answer: Callable[[int, int], Answer]
) -> tuple[list[Answer], dict[int, str]]:
    """Answer rows together, and if that fails, in ever smaller parts.

    Args:
        n_rows: How many there are.
        answer: Answers the rows from one place up to another.

    Returns:
        The answers of the parts that got some, in their order, and why each of the other rows got
        none, by its place.

    Raises:
        Exception: What the model raised, if it answers none of the first rows.

    >>> answer_each(3, lambda start, end: [12 // row for row in range(start - 1, end - 1)])
    ([[-12], [12]], {1: 'ZeroDivisionError: integer division or modulo by zero'})
    """
    answers: list[Answer] = []
    failures: dict[int, str] = {}
    parts = [(0, n_rows)] if n_rows else []
    while parts:
        start, end = parts.pop()
        try:
            answers.append(answer(start, end))
        except Exception as error:  # whatever a tokenizer, a model or a device raises
            if end - start > 1:
                middle = (start + end) // 2
                parts += [(middle, end), (start, middle)]
                continue
            failures[start] = f"{type(error).__name__}: {error}"
            if not answers and len(failures) >= _MOST_FAILURES:
                raise
    return answers, failures
