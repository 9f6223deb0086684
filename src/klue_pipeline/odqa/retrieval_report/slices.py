"""Which questions are answered well: scores by what is known of a question beforehand."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.ingest.schema import TRAIN
from klue_pipeline.odqa.metrics.answer_strings import normalise_for_search
from klue_pipeline.odqa.metrics.judgement import judge_parts
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

_TIME = re.compile(r"\d\s*(?:년|월|일|세기|연대|시|분|초)|^(?:기원전|어제|오늘|내일)")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_PHRASE_WORDS = 5
_LENGTHS = {"up to 5 words": 5, "6 to 8 words": 8, "9 to 12 words": 12}
_LONGEST = "13 words and more"


def name_answer_kind(answers: list[str]) -> str:
    """Say what kind of thing an answer is, by rules that look at its first string only.

    >>> [name_answer_kind([text]) for text in ("1950년대", "3개", "피터 드러커", "")]
    ['date or time', 'number', 'name or word', 'not known']
    """
    text = answers[0].strip() if len(answers) else ""
    if not text:
        return "not known"
    if _TIME.search(text):
        return "date or time"
    if _DIGIT.search(text):
        return "number"
    return "phrase" if len(text.split()) >= _PHRASE_WORDS else "name or word"


def name_length(question: str) -> str:
    """Say how many words a question has.

    >>> name_length("가장 높은 산은?")
    'up to 5 words'
    """
    words = len(question.split())
    return next((name for name, most in _LENGTHS.items() if words <= most), _LONGEST)


def name_title_overlap(title: object, question: str) -> str:
    """Say whether a question names the title of its passage.

    What a title has in brackets tells it from others and is no part of the name.

    >>> name_title_overlap("토지 (소설)", "토지를 쓴 사람은?")
    'whole title'
    >>> name_title_overlap("인천 국제공항", "국제공항이 있는 도시는?")
    'a word of it'
    """
    words = _WORD.findall(normalise_for_search(re.sub(r"\(.*?\)", "", str(title))))
    if not isinstance(title, str) or not words:
        return "no title"
    asked = normalise_for_search(question)
    if " ".join(words) in " ".join(_WORD.findall(asked)):
        return "whole title"
    return "a word of it" if any(word in asked for word in words if len(word) > 1) else "nothing"


SLICES: dict[str, Callable[[RetrievalTruth], list[str]]] = {
    "answer": lambda truth: [name_answer_kind(own) for own in truth.questions["answers"]],
    "question length": lambda truth: [name_length(text) for text in truth.questions["question"]],
    "title in question": lambda truth: [
        name_title_overlap(*pair)
        for pair in zip(_titles(truth), truth.questions["question"], strict=True)
    ],
    "gold passage": lambda truth: np.where(
        _has_training_passage(truth), "of a training question too", "of no training question",
    ).tolist(),
    "kind in the data": lambda truth: truth.questions["kind"].fillna("not given").tolist(),
}  # fmt: skip
"""What questions are sliced by: a function of the truth to one value per question."""

_ORDERS = {"question length": [*_LENGTHS, _LONGEST]}
"""Other values stand with the most frequent first."""


def judge_slices(
    outcomes: Mapping[str, NDArray[np.float64]],
    truth: RetrievalTruth,
    rows: Mask,
    params: OdqaEvaluationParams,
) -> list[dict[str, Any]]:
    """Judge on parts of the questions.

    Args:
        outcomes: What each question that counts adds to a score, 0 to 1, by the name of what is
            judged, such as a run. Shape of each: (questions that count,).
        truth: The questions.
        rows: Which of them count; all have a gold passage.
        params: Intervals.

    Returns:
        For each part ``slice`` (what it is sliced by), ``value``, ``questions`` and ``scores``: by
        name ``value``, ``low`` and ``high``. A slice of one value says nothing and is left out.
        Intervals leave out draws without a question of the part; a part of few questions may have
        one of a single point, because its questions alone do not show how others would differ.
    """
    masks = _cut(truth, rows)
    if not masks:
        return []
    columns = np.column_stack(list(outcomes.values()))
    judged = judge_parts(columns, list(masks.values()), truth.units[rows], params)
    return [
        {
            "slice": slice_name,
            "value": value,
            "questions": int(masks[slice_name, value].sum()),
            "scores": dict(zip(outcomes, estimates, strict=True)),
        }
        for (slice_name, value), estimates in zip(masks, judged, strict=True)
    ]


def _cut(truth: RetrievalTruth, rows: Mask) -> dict[tuple[str, str], Mask]:
    masks: dict[tuple[str, str], Mask] = {}
    for name, take in SLICES.items():
        values = pd.Series(np.array(take(truth), dtype=object)[rows])
        present = values.value_counts().index.tolist()
        order = [value for value in _ORDERS.get(name, present) if value in present]
        if len(order) > 1:
            masks |= {(name, str(value)): (values == value).to_numpy() for value in order}
    return masks


def _titles(truth: RetrievalTruth) -> list[object]:
    """Return the title of each question's document; that of its gold passage where none is told."""
    of_gold = truth.passages["title"].iloc[truth.first_gold].reset_index(drop=True)
    own = truth.questions["title"].astype(object)
    titles: list[object] = own.where(own.notna(), of_gold.where(truth.has_gold)).tolist()
    return titles


def _has_training_passage(truth: RetrievalTruth) -> Mask:
    """Mark questions whose gold passage, or one of its group, is that of a training question."""
    questions, passages = truth.gold
    groups = truth.group_of_passage[passages]
    is_training = (truth.questions["part"] == TRAIN).to_numpy()[questions]
    return np.isin(truth.group_of_passage[truth.first_gold], groups[is_training])
