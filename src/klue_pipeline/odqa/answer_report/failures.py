"""Why a question was not answered right: whether passage, span, or its border was missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.answer_report.excerpts import find_spans, overlaps
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.answers import EXACT_MATCH
from klue_pipeline.odqa.metrics.retrieval import find_first_gold, find_first_ranks, is_within

FailureKind = Literal[
    "right", "only_normalisation", "boundary", "wrong_span", "another_passage", "not_retrieved",
    "no_answer",
]  # fmt: skip


@dataclass(frozen=True)
class KindTitle:
    """What a kind of failure is called.

    Attributes:
        title: A few words.
        meaning: What it says, in a sentence.
        whose: Whose failure it is, if it is one.
    """

    title: str
    meaning: str
    whose: str = ""


FAILURE_KINDS: Mapping[FailureKind, KindTitle] = {
    "right": KindTitle("right", "The answer is a gold answer, letter by letter."),
    "only_normalisation": KindTitle(
        "right after normalisation",
        "Marks, brackets, blanks or capitals differ; exact match counts it as right.",
    ),
    "boundary": KindTitle(
        "boundary", "The answer shares letters with a gold answer in its passage.", "reader"
    ),
    "wrong_span": KindTitle(
        "wrong span", "Taken from the gold passage, and from another place in it.", "reader"
    ),
    "another_passage": KindTitle(
        "another passage",
        "A passage with the answer was read, and the answer was taken from another one.",
        "reader",
    ),
    "not_retrieved": KindTitle(
        "not retrieved",
        "No passage that was read is the gold passage, or one of its group, or holds the string of "
        "an answer.",
        "retriever",
    ),
    "no_answer": KindTitle(
        "no answer", "None was given: nothing was found, or the answer was not sure enough."
    ),
}
"""What the kinds mean, in the order in which they are told."""


def name_failures(
    questions: JudgedQuestions,
    scores: pd.DataFrame,
    answers: pd.DataFrame,
    run: pd.DataFrame,
    top_k: int,
) -> pd.DataFrame:
    """Say of each judged question what became of it.

    Args:
        questions: The questions.
        scores: Those of the answers that were given, as :meth:`JudgedQuestions.score` returns them.
        answers: Schema ``Answers``, a row for each question in their order.
        run: Schema ``Run``.
        top_k: How many passages of it were read.

    Returns:
        A row for each question: ``kind``, one of :data:`FAILURE_KINDS`; ``gold_rank`` in the whole
        run and ``answer_rank``, that of the first passage among those read that holds an answer's
        string, 0 for not found; ``passage``, the number of the answer's passage, -1 without one;
        and ``is_gold_passage``, whether that is the gold passage or one of its group.
    """
    truth, places = questions.truth, questions.places
    passage = truth.number_passages(answers["passage_id"])
    found = pd.DataFrame(
        {
            "gold_rank": find_first_gold(run, truth)[places],
            "answer_rank": find_first_ranks(run[run["rank"] <= top_k], truth).answer[places],
            "passage": passage,
            "is_gold_passage": _is_gold(questions, passage),
        }
    )
    reached = is_within(found["gold_rank"].to_numpy(), top_k) | (found["answer_rank"] > 0)
    rows = found.assign(
        is_reached=reached,
        text=answers["text"].to_numpy(object),
        is_given=answers["is_given"].to_numpy(bool) & (answers["text"] != "").to_numpy(bool),
        is_right=scores[EXACT_MATCH].to_numpy() > 0,
        golds=questions.table["answers"],
        has_gold=questions.has_gold,
        start=answers["start_char"].to_numpy(),
        end=answers["end_char"].to_numpy(),
    )
    kinds = [_name(row, truth.passages["text"].array) for row in rows.itertuples()]
    return found.assign(kind=pd.Series(kinds, dtype="str"))


def count_kinds(failures: pd.DataFrame) -> dict[str, int]:
    """Count the questions of each kind, in the order of :data:`FAILURE_KINDS`."""
    counts = failures["kind"].value_counts()
    return {kind: int(counts.get(kind, 0)) for kind in FAILURE_KINDS}


def _is_gold(questions: JudgedQuestions, passage: NDArray[np.int64]) -> NDArray[np.bool_]:
    truth = questions.truth
    # Without a passage the number is that of the last one, which the condition leaves out.
    keys = truth.key(questions.places, truth.group_of_passage[passage])
    return np.asarray((passage >= 0) & np.isin(keys, truth.gold_keys))


def _name(row: Any, texts: Any) -> FailureKind:
    if not row.is_given:
        return "no_answer"
    if row.is_right:
        return "right" if row.text in list(row.golds) else "only_normalisation"
    if not row.is_reached:
        return "not_retrieved"
    gold_spans = find_spans(texts[row.passage], row.golds) if row.passage >= 0 else []
    if overlaps((row.start, row.end), gold_spans):
        return "boundary"
    # Where no gold passage is known, one that holds the answer stands for it.
    is_right_passage = row.is_gold_passage if row.has_gold else bool(gold_spans)
    return "wrong_span" if is_right_passage else "another_passage"
