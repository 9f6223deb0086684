"""What an answerer is asked, by Python callers, a server or a file -> a table of questions.

A request is a question, alone or with the context that holds the answer. One that cannot be asked
is refused, with its place and the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from klue_pipeline.odqa.ingest.answer_places import compose
from klue_pipeline.odqa.ingest.parsing.raw_question import RawQuestion, read_question
from klue_pipeline.odqa.ingest.question_checks import (
    check_characters,
    check_question,
    check_readable,
    find_problem,
)
from klue_pipeline.text.shortened import shorten

QUESTION, CONTEXT = "question", "context"

CHECKS = (
    ("unreadable row", check_readable),
    ("empty question", check_question),
    ("broken character", check_characters),
)
"""What every question needs; the first check that fails counts."""

_WANTED = (
    "Wanted: a question as text, and a context as text if it is to be answered from that alone."
)


def as_records(question: Any, context: Any) -> list[dict[str, Any]]:
    """Turn the arguments of a call into one record a question.

    Args:
        question: A question, or a list of them.
        context: None, a context for all questions, or a list of one for each.

    Raises:
        TypeError: Something is neither text nor a list.
        ValueError: The lists differ in length.

    >>> as_records(["뭐?", "왜?"], "가")
    [{'question': '뭐?', 'context': '가'}, {'question': '왜?', 'context': '가'}]
    """
    if isinstance(question, str):
        if context is not None and not isinstance(context, str):
            raise TypeError(f"context is {shorten(repr(context))}; wanted text for one question.")
        return [{QUESTION: question, CONTEXT: context}]
    questions = _as_list(QUESTION, question, "text or a list of texts")
    contexts = [context] * len(questions)
    if context is not None and not isinstance(context, str):
        contexts = _as_list(CONTEXT, context, "text, or a list with one for each question")
    if len(contexts) != len(questions):
        raise ValueError(
            f"Found {len(questions)} questions and {len(contexts)} contexts; give one for each, or "
            "one for all as text."
        )
    pairs = zip(questions, contexts, strict=True)
    return [{QUESTION: text, CONTEXT: own} for text, own in pairs]


def _as_list(name: str, values: Any, wanted: str) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"{name} is {shorten(repr(values))}; wanted {wanted}.")
    return list(values)


def read_requests(records: Iterable[Mapping[str, Any]]) -> list[RawQuestion]:
    """Read requests and check them.

    Args:
        records: Each with ``question`` and maybe ``context``.

    Raises:
        ValueError: A request cannot be asked; the message says which and why.
    """
    rows = [_read_record(number, record) for number, record in enumerate(records, start=1)]
    for row in rows:
        if problem := find_problem(row, CHECKS):
            place = row.row_number - 1
            which = "The question" if len(rows) == 1 else f"Question {place}, counted from 0,"
            raise ValueError(f"{which} cannot be answered: {problem.detail}. {_WANTED}")
    return rows


def _read_record(row_number: int, record: Mapping[str, Any]) -> RawQuestion:
    row = read_question(row_number, {name: record.get(name) for name in (QUESTION, CONTEXT)})
    context = record.get(CONTEXT)
    if isinstance(context, str) and not context.strip():
        return replace(row, problem="the context is empty; leave it out to search for one")
    return row


def table_requests(rows: Sequence[RawQuestion]) -> pd.DataFrame:
    """Write questions that were checked as a table.

    Returns:
        ``question_id``, the place of each question from 0; ``question``, in Unicode's composed
        form; ``context`` as it was given, or None.
    """
    lines = [(str(place), compose(row.question or "")) for place, row in enumerate(rows)]
    table = pd.DataFrame(lines, columns=["question_id", QUESTION], dtype="str")
    return table.assign(context=pd.Series([row.context for row in rows], dtype=object))
