"""Which passages hold the gold answers: contexts are looked for among the passages.

First by their text without blanks, then by what stands around the answer, for passages that are
parts of a context or hold more than it. Both take time in proportion to the text: whole texts are
compared by a table, surroundings by hashes of 16 characters that are looked up while the passages
go by once.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.passages.character_windows import WIDTH, WindowIndex
from klue_pipeline.text.blanks import places_without_blanks, without_blanks
from klue_pipeline.text.shortened import list_shortly

_SURROUNDINGS = 50
"""Characters on either side of an answer, without blanks, in which context and passage must agree
as far as both reach."""

_COLUMNS = {"question_id": "str", "passage_id": "str", "shift": "int64", "how": "str"}
BY_TEXT, BY_CONTAINMENT = "text", "containment"

logger = logging.getLogger(__name__)


class _Letters:
    """A text, its characters without blanks, and where each of these stands in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def letters(self) -> str:
        return without_blanks(self.text)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        return places_without_blanks(self.text)


class _Question(NamedTuple):
    """A question with answers, by its place in the table."""

    place: int
    context: _Letters
    answers: list[str]
    starts: list[int]


class _Link(NamedTuple):
    question: int
    passage: int
    shift: int
    how: str


def link_gold(
    questions: pd.DataFrame, passages: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Link each question that has answers to the passages that hold one at its place.

    Args:
        questions: Questions of any parts; schema ``Questions``.
        passages: What is searched; schema ``Passages``. Equal texts were merged.

    Returns:
        A table of schema ``GoldPassages``, in the order of the questions, and a report: questions
        ``with_answers`` = ``linked_by_text`` + ``linked_by_containment`` + ``unlinked``, how many
        ``gold_passages`` there are, and the ids of ``unlinked_questions``.
    """
    asked = list(_answerable(questions))
    texts = passages["text"].tolist()
    links = list(_link_texts(asked, texts))
    linked = {link.question for link in links}
    links += _link_parts([each for each in asked if each.place not in linked], texts)
    links.sort(key=lambda link: link[:2])
    table = _table_links(links, questions, passages)
    report = _report(questions, asked, links)
    if report["unlinked"]:
        logger.warning(
            "%d of %d questions with answers have no passage that holds one (such as %s); "
            "odqa.passages.add_contexts=true adds their contexts",
            report["unlinked"], len(asked), list_shortly(report["unlinked_questions"], most=3),
        )  # fmt: skip
    return table, report


def _answerable(questions: pd.DataFrame) -> Iterator[_Question]:
    columns = (questions[name] for name in ("context", "answers", "answer_starts"))
    for place, (context, answers, starts) in enumerate(zip(*columns, strict=True)):
        if len(answers):
            places = [int(start) for start in starts]
            yield _Question(place, _Letters(context), list(answers), places)


def _link_texts(asked: Iterable[_Question], texts: list[str]) -> Iterator[_Link]:
    """Link contexts to passages of the same text."""
    passage_of = {without_blanks(text): place for place, text in enumerate(texts)}
    for question in asked:
        passage = passage_of.get(question.context.letters)
        if passage is None:
            continue
        text = texts[passage]
        is_same = text == question.context.text
        shift = 0 if is_same else _shift_of(question, _Letters(text), 0)
        if shift is not None:
            yield _Link(question.place, passage, shift, BY_TEXT)


def _shift_of(question: _Question, passage: _Letters, skipped: int) -> int | None:
    """Return the shift by which an answer stands in a passage that agrees around it.

    Args:
        question: The question.
        passage: The passage.
        skipped: Letters of the context that stand before the passage; negative if the passage
            begins before the context.
    """
    context = question.context
    for answer, start in zip(question.answers, question.starts, strict=True):
        first, last = _letters_of(context.places, answer, start)
        if not _agree(context.letters, passage.letters, first, last, skipped):
            continue
        moved = int(passage.places[first - skipped]) - int(context.places[first]) + start
        if moved >= 0 and passage.text.startswith(answer, moved):
            return start - moved
    return None


def _letters_of(places: NDArray[np.int64], answer: str, start: int) -> tuple[int, int]:
    """Return which letters of the context the answer is, with an exclusive end."""
    first, last = np.searchsorted(places, [start, start + len(answer)])
    return int(first), int(last)


def _agree(context: str, passage: str, first: int, last: int, skipped: int) -> bool:
    """Tell whether two texts without blanks are the same around an answer that both hold."""
    begin = max(first - _SURROUNDINGS, 0, skipped)
    end = min(last + _SURROUNDINGS, len(context), skipped + len(passage))
    holds_answer = begin <= first < last <= end
    return holds_answer and context[begin:end] == passage[begin - skipped : end - skipped]


def _link_parts(asked: list[_Question], texts: list[str]) -> list[_Link]:
    """Link contexts to passages that share 16 letters at an answer, and agree around it."""
    owners: dict[str, list[tuple[_Question, int]]] = defaultdict(list)
    for question in asked:
        for start in _starts_at_answers(question):
            owners[question.context.letters[start : start + WIDTH]].append((question, start))
    found: dict[tuple[int, int], _Link] = {}
    matches = WindowIndex(owners).find(without_blanks(text) for text in texts)
    for passage, matched in groupby(matches, key=itemgetter(0)):
        letters = _Letters(texts[passage])
        for _, place, window in matched:
            for question, start in owners[window]:
                key = (question.place, passage)
                shift = None if key in found else _shift_of(question, letters, start - place)
                if shift is not None:
                    found[key] = _Link(*key, shift, BY_CONTAINMENT)
    return list(found.values())


def _starts_at_answers(question: _Question) -> set[int]:
    """Return where windows begin, one of which any passage of enough letters has.

    A passage that holds the answer and 16 letters of the context in one piece with it has the
    window before the answer, the one that begins with it, or one that begins in between.
    """
    last = len(question.context.letters) - WIDTH
    starts: set[int] = set()
    for answer, start in zip(question.answers, question.starts, strict=True):
        first, _ = _letters_of(question.context.places, answer, start)
        starts.update(range(max(first - WIDTH, 0), min(first, last) + 1))
    return starts


def _table_links(
    links: list[_Link], questions: pd.DataFrame, passages: pd.DataFrame
) -> pd.DataFrame:
    question_ids, passage_ids = questions["question_id"].tolist(), passages["passage_id"].tolist()
    lines = [
        (question_ids[link.question], passage_ids[link.passage], link.shift, link.how)
        for link in links
    ]
    return pd.DataFrame(lines, columns=list(_COLUMNS)).astype(_COLUMNS)


def _report(questions: pd.DataFrame, asked: list[_Question], links: list[_Link]) -> dict[str, Any]:
    how_of = {link.question: link.how for link in links}
    unlinked = [each.place for each in asked if each.place not in how_of]
    how = list(how_of.values())
    return {
        "questions": len(questions),
        "with_answers": len(asked),
        "linked_by_text": how.count(BY_TEXT),
        "linked_by_containment": how.count(BY_CONTAINMENT),
        "unlinked": len(unlinked),
        "gold_passages": len({link.passage for link in links}),
        "unlinked_questions": questions["question_id"].iloc[unlinked].tolist(),
    }
