"""Questions whose gold passage an experiment did not find, with what it returned instead."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.metrics.answer_strings import holds_answer
from klue_pipeline.odqa.metrics.retrieval import NOT_FOUND, find_first_gold, is_within
from klue_pipeline.odqa.metrics.task_scores import depth_of
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.odqa.retrieval_report.marks import Piece, mark_excerpt, mark_text

_DEPTH_WITHOUT_ONE = 1
MOST_SHOWN = 100
_INSTEAD = 3


@dataclass(frozen=True)
class Excerpt:
    """Part of a passage, with what the question shares with it.

    Attributes:
        passage_id: The passage.
        title: Of its document.
        pieces: Its text, piece by piece.
        rank: Its place in the run; None for a gold passage that is not in it.
        score: Its score there.
        holds_answer: Whether an answer stands in it, be it by chance.
    """

    passage_id: str
    title: str
    pieces: list[Piece]
    rank: int | None
    score: float | None
    holds_answer: bool


@dataclass(frozen=True)
class Miss:
    """One question whose gold passage is too far down, or not in the run.

    Attributes:
        question_id: The question.
        question: Its text, with the words that its gold passage has.
        answers: Its answers.
        gold: Its gold passage.
        instead: What came first.
    """

    question_id: str
    question: list[Piece]
    answers: list[str]
    gold: Excerpt
    instead: list[Excerpt]


@dataclass(frozen=True)
class Misses:
    """What was missed.

    Attributes:
        depth: How many passages were looked at.
        questions: How many questions with a gold passage there are.
        missed: In how many cases it was not found.
        shown: As many of them as a page holds; those not found at all first, then by rank.
    """

    depth: int
    questions: int
    missed: int
    shown: list[Miss]


def find_misses(
    run: pd.DataFrame,
    truth: RetrievalTruth,
    part: str,
    select_by: str,
    most: int = MOST_SHOWN,
) -> Misses:
    """Collect the questions of a part whose gold passage a run does not have among its best.

    Args:
        run: Schema ``Run``: what the experiment hands out.
        truth: What counts as found.
        part: Whose questions are looked at, such as ``validation``.
        select_by: The score that decides; its depth is how many passages are looked at, and one
            without a depth looks at the first.
        most: How many are shown.

    Raises:
        ValueError: The run has passages that are not among those of the truth.
    """
    depth = depth_of(select_by) or _DEPTH_WITHOUT_ONE
    ranks = find_first_gold(run, truth)
    is_counted = _of_part(truth, part) & truth.has_gold
    missed = np.flatnonzero(is_counted & ~is_within(ranks, depth))
    # Those that are nowhere first, then from the last place upwards.
    worst = np.where(ranks[missed] == NOT_FOUND, np.iinfo(np.int64).max, ranks[missed])
    shown = missed[np.argsort(-worst, kind="stable")][:most]
    rows = run[run["question_id"].isin(truth.questions["question_id"].iloc[shown])]
    by_question = dict(tuple(rows.groupby("question_id", sort=False)))
    return Misses(
        depth=depth,
        questions=int(is_counted.sum()),
        missed=len(missed),
        shown=[_describe(int(place), int(ranks[place]), by_question, truth) for place in shown],
    )


def _of_part(truth: RetrievalTruth, part: str) -> Mask:
    return np.asarray(truth.questions["part"] == part, dtype=np.bool_)


def _describe(place: int, rank: int, runs: dict[Any, pd.DataFrame], truth: RetrievalTruth) -> Miss:
    row = truth.questions.iloc[place]
    returned = runs.get(row["question_id"])
    gold_passage = int(truth.first_gold[place])
    gold_rank = None if rank == NOT_FOUND else rank
    best = [] if returned is None else returned.nsmallest(_INSTEAD, "rank").to_dict("records")
    passages = truth.number_passages(pd.Series([one["passage_id"] for one in best], dtype=object))
    return Miss(
        question_id=row["question_id"],
        question=mark_text(row["question"], truth.passages["text"].iloc[gold_passage]),
        answers=list(row["answers"]),
        gold=_excerpt(gold_passage, place, truth, gold_rank, None),
        instead=[
            _excerpt(int(passage), place, truth, int(one["rank"]), float(one["score"]))
            for one, passage in zip(best, passages, strict=True)
        ],
    )


def _excerpt(
    passage: int, question: int, truth: RetrievalTruth, rank: int | None, score: float | None
) -> Excerpt:
    row, asked = truth.passages.iloc[passage], truth.questions.iloc[question]
    return Excerpt(
        passage_id=row["passage_id"],
        title=row["title"],
        pieces=mark_excerpt(row["text"], asked["question"], list(asked["answers"])),
        rank=rank,
        score=score,
        holds_answer=holds_answer(truth.text_of(passage), truth.answers[question]),
    )
