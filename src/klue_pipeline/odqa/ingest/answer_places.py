"""Where answers stand in their context: verified, found again, or said why not."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from klue_pipeline.odqa.ingest.parsing.raw_question import RawAnswer
from klue_pipeline.text.normalise import Normalised, normalise
from klue_pipeline.text.shortened import shorten


class PlacedAnswer(NamedTuple):
    """An answer and the place of its first character in the composed context."""

    text: str
    start: int


def compose(text: str) -> str:
    """Bring text into Unicode's composed form, in which passages are kept (NFC).

    >>> compose("\u1109\u1165\u110b\u116e\u11af")
    '서울'
    """
    return unicodedata.normalize("NFC", text)


def place_answers(
    context: str, answers: Sequence[RawAnswer]
) -> tuple[list[PlacedAnswer], list[str]]:
    """Find where each answer stands in the composed context.

    An answer stays at the place that its row names, if it stands there. Otherwise it is looked up,
    and taken if it occurs exactly once.

    Args:
        context: The context as its file has it; places count in it.
        answers: Its answers.

    Returns:
        The answers that were found, each once, and what is wrong with the others.

    >>> place_answers("😀 서울은 수도다.", [RawAnswer("서울", 2), RawAnswer("수도", 0)])
    ([PlacedAnswer(text='서울', start=2), PlacedAnswer(text='수도', start=6)], [])
    """
    composed = normalise(context, ["nfc"])
    placed: dict[PlacedAnswer, None] = {}
    problems = []
    for answer in answers:
        found = _place(composed, answer)
        if isinstance(found, str):
            problems.append(found)
        else:
            placed[found] = None
    return list(placed), problems


def _place(context: Normalised, answer: RawAnswer) -> PlacedAnswer | str:
    text = compose(answer.text)
    if not text.strip():
        return f"answer is {shorten(repr(text))}"
    start = _moved(context, answer.start)
    if start is not None and context.text.startswith(text, start):
        return PlacedAnswer(text, start)
    first = context.text.find(text)
    n_places = 0 if first < 0 else 1 + (context.text.find(text, first + 1) >= 0)
    if n_places == 1:
        return PlacedAnswer(text, first)
    given = "" if answer.start is None else f" at character {answer.start}"
    where = "more than once in" if n_places else "nowhere in"
    return f"wanted {shorten(repr(text))}{given}, and it stands {where} the context"


def _moved(context: Normalised, start: int | None) -> int | None:
    """Return a place of the raw context in the composed one."""
    is_inside = start is not None and 0 <= start < len(context.places)
    return context.places[start] if is_inside and start is not None else None
