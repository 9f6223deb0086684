"""Every further occurrence of an answer in its passage, as a row of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from klue_pipeline.odqa.augmentation.question_row import NewRows, QuestionRow
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.text.morphemes import Morpheme, analyse

_NUMBER_GOES_ON = re.compile(r"[.,]?\d")
_NUMBER_BEFORE = re.compile(r"\d[.,]?\Z")
_CONTEXT = 40
"""Characters on both sides of an occurrence that are analysed with it."""


class Occurrence(NamedTuple):
    """A place of an answer of a row, with an exclusive end."""

    row: int
    start_char: int
    end_char: int


def repeat_answers(
    rows: Sequence[QuestionRow],
    params: QuestionAugmentParams,  # noqa: ARG001 - one signature for all methods
) -> NewRows:
    """Make one more row for each further occurrence of an answer in its passage.

    An occurrence is a whole word, or one in front of a particle: neither the inside of a longer
    word nor a part of a number. It becomes the first answer of its row, and all other places are
    further ones.
    """
    made = NewRows()
    found = [place for number, row in enumerate(rows) for place in _find(number, row)]
    whole = _keep_whole(rows, found)
    made.left_out["a part of a longer word or number"] += len(found) - len(whole)
    for number, places in groupby(whole, key=itemgetter(0)):
        row, spans = rows[number], [(place.start_char, place.end_char) for place in places]
        given = [
            (start, start + len(answer))
            for answer, start in zip(row.answers, row.answer_starts, strict=True)
        ]
        made.rows.extend(_row_for(row, span, [*given, *spans]) for span in spans)
    return made


_Span = tuple[int, int]


def _row_for(row: QuestionRow, span: _Span, spans: Sequence[_Span]) -> QuestionRow:
    ordered = dict.fromkeys([span, *spans])
    return replace(
        row,
        answers=tuple(row.context[start:end] for start, end in ordered),
        answer_starts=tuple(start for start, _ in ordered),
    )


def _find(number: int, row: QuestionRow) -> Iterator[Occurrence]:
    """Yield the places of a row's answers that share no character with a given one, or another."""
    taken = [
        range(start, start + len(answer))
        for answer, start in zip(row.answers, row.answer_starts, strict=True)
    ]
    for answer in sorted(set(row.answers), key=lambda text: (-len(text), text)):
        for match in re.finditer(re.escape(answer), row.context):
            if not any(match.start() < each.stop and each.start < match.end() for each in taken):
                taken.append(range(*match.span()))
                yield Occurrence(number, *match.span())


def _keep_whole(rows: Sequence[QuestionRow], found: list[Occurrence]) -> list[Occurrence]:
    """Return the occurrences that are whole words or stand before a particle."""
    texts = [blank_out_breaks(row.context) for row in rows]
    begun = [place for place in found if _begins_word(texts[place.row], place)]
    doubtful = [place for place in begun if not _ends_word(texts[place.row], place)]
    stretches = (_stretch(texts[place.row], place) for place in doubtful)
    analysed = analyse(text for text, _ in stretches)
    refused = {
        place
        for place, morphemes in zip(doubtful, analysed, strict=True)
        if not _goes_before_particle(texts[place.row], place, morphemes)
    }
    return [place for place in begun if place not in refused]


def _begins_word(text: str, place: Occurrence) -> bool:
    start = place.start_char
    if text[start].isdecimal() and _NUMBER_BEFORE.search(text, max(0, start - 2), start):
        return False
    return start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())


def _ends_word(text: str, place: Occurrence) -> bool:
    end = place.end_char
    if text[end - 1].isdecimal() and _NUMBER_GOES_ON.match(text, end):
        return False
    return end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())


def _stretch(text: str, place: Occurrence) -> tuple[str, int]:
    """Return the surroundings of an occurrence, and where they begin."""
    start = max(0, place.start_char - _CONTEXT)
    return text[start : place.end_char + _CONTEXT], start


def _goes_before_particle(text: str, place: Occurrence, morphemes: Sequence[Morpheme]) -> bool:
    """Say whether a particle or copula begins where the answer ends; a unit, after a number."""
    border = place.end_char - _stretch(text, place)[1]
    tags = {each.tag for each in morphemes if each.start_char == border}
    is_counted = text[place.end_char - 1].isdecimal() and "NNB" in tags
    return is_counted or "VCP" in tags or any(tag.startswith("J") for tag in tags)
