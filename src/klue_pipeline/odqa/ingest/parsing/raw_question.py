"""One question as its file states it, before anybody judged it, and how answers are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from klue_pipeline.text.records.cells import (
    describe_misfit,
    is_gap,
    is_plain,
    read_name,
    read_number_or_name,
)
from klue_pipeline.text.shortened import shorten

UNANSWERABLE = "unanswerable"
"""Kind of a question that its context does not answer."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as its row states it.

    Attributes:
        text: Its words.
        start: Place of its first character in the context, counted from 0; None where it is to be
            looked up.
    """

    text: str
    start: int | None


@dataclass(frozen=True, slots=True)
class RawQuestion:
    """A question of any format.

    Attributes:
        row_number: Its place as a person counts, from 1.
        row_id: Its id, or None where it has none.
        question: Its text, or None.
        title: Title of the document that answers it, or None.
        context: The passage that answers it, or None.
        answers: The answers; none of a question that cannot be answered; None where nothing is
            said; a sentence why they cannot be read.
        document_id: What the data set calls the document, or None.
        kind: What the data set says of the question, or None.
        problem: Why nothing could be read of the row; None in all others.
    """

    row_number: int
    row_id: str | None
    question: str | None = None
    title: str | None = None
    context: str | None = None
    answers: tuple[RawAnswer, ...] | str | None = None
    document_id: str | None = None
    kind: str | None = None
    problem: str | None = None


def read_question(row_number: int, fields: Mapping[str, Any]) -> RawQuestion:
    """Read a row whose values stand under the names of the fields.

    Args:
        row_number: Its place, counted from 1.
        fields: ``id``, ``question``, ``title``, ``context``, ``answers`` as one of the forms of
            :func:`read_answers`, ``document_id`` and ``kind``; any may be absent.
    """
    row_id = read_name(fields.get("id"))
    texts = {name: fields.get(name) for name in ("question", "context", "title")}
    for name, value in {"id": fields.get("id"), **texts}.items():
        is_fit = is_plain(value) if name in ("id", "title") else isinstance(value, str)
        if not (is_fit or is_gap(value)):
            return RawQuestion(row_number, row_id, problem=describe_misfit(name, value))
    answers = read_answers(fields.get("answers"))
    kind = read_name(fields.get("kind"))
    return RawQuestion(
        row_number,
        row_id,
        question=_text(texts["question"]),
        title=read_name(texts["title"]),
        context=_text(texts["context"]),
        answers=() if kind == UNANSWERABLE else answers,
        document_id=read_name(fields.get("document_id")),
        kind=UNANSWERABLE if answers == () else kind,
    )


def _text(value: Any) -> str | None:
    """Return text as it is, since places count in it; None where there are only blanks."""
    return value if isinstance(value, str) and value.strip() else None


def read_answers(value: Any) -> tuple[RawAnswer, ...] | str | None:
    """Read answers: a list of texts and one of places side by side, or a list of pairs.

    Returns:
        The answers, each once; a problem in words; None where nothing is said.

    >>> read_answers({"text": ["서울"], "answer_start": [3]})
    (RawAnswer(text='서울', start=3),)
    >>> read_answers([{"text": "서울", "answer_start": 3}, {"text": "서울", "answer_start": 3}])
    (RawAnswer(text='서울', start=3),)
    >>> read_answers({"text": ["서울"], "answer_start": []})
    'answers: 1 texts and 0 places'
    """
    if is_gap(value):
        return None
    if isinstance(value, Mapping):
        texts, starts = _as_list(value.get("text")), _as_list(value.get("answer_start"))
    elif isinstance(value, Sequence) and all(isinstance(each, Mapping) for each in value):
        texts = [each.get("text") for each in value]
        starts = [each.get("answer_start") for each in value]
    else:
        return f"answers is {shorten(repr(value))}, wanted texts and places"
    return _pair(texts, starts or [None] * len(texts) if _lack(value) else starts)


def _lack(value: Any) -> bool:
    return isinstance(value, Mapping) and "answer_start" not in value


def _as_list(value: Any) -> list[Any]:
    if is_gap(value):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _pair(texts: list[Any], starts: list[Any]) -> tuple[RawAnswer, ...] | str:
    if len(texts) != len(starts):
        return f"answers: {len(texts)} texts and {len(starts)} places"
    found: dict[RawAnswer, None] = {}
    for text, value in zip(texts, starts, strict=True):
        start = None if is_gap(value) else read_number_or_name(value)
        if not isinstance(text, str):
            return describe_misfit("answer", text)
        if isinstance(start, str) or (start is None and not is_gap(value)):
            return f"answer_start is {shorten(repr(value))}, wanted a whole number"
        found[RawAnswer(text, start)] = None
    return tuple(found)
