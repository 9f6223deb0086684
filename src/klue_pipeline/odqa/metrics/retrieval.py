"""At which rank a run has the gold passage of a question, and the first passage with an answer.

Both take time in proportion to the rows of the run. A passage of the gold passage's group counts as
the gold passage: it says the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.metrics.answer_strings import holds_answer
from klue_pipeline.odqa.metrics.task_scores import DEPTHS, MRR
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.text.shortened import list_shortly

NOT_FOUND = 0
"""The rank of what a run does not have."""

Ranks = NDArray[np.int64]
"""A rank from 1, or :data:`NOT_FOUND`, for each question that can be judged."""


@dataclass(frozen=True)
class FirstRanks:
    """Where a run has what was looked for.

    Attributes:
        gold: Rank of the first passage of a gold passage's group. Shape: (questions,).
        answer: Rank of the first passage that holds an answer. Shape: (questions,).
        returned: How many passages the run has. Shape: (questions,).
    """

    gold: Ranks
    answer: Ranks
    returned: NDArray[np.int64]


def find_first_ranks(run: pd.DataFrame, truth: RetrievalTruth) -> FirstRanks:
    """Look for gold passages and answers in a run.

    Args:
        run: Schema ``Run``; rows of questions that cannot be judged are not looked at.
        truth: What counts as found. A question without gold passage or answers has rank 0.

    Raises:
        ValueError: The run names a passage that is not among those of the truth.
    """
    rows = _number_rows(run, truth)
    return FirstRanks(
        gold=_first(rows, mark_gold(rows, truth), len(truth)),
        answer=_find_answers(rows, truth),
        returned=np.bincount(rows["question"], minlength=len(truth)).astype(np.int64),
    )


def find_first_gold(run: pd.DataFrame, truth: RetrievalTruth) -> Ranks:
    """Return the rank of each question's first gold passage alone, which is quick.

    Raises:
        ValueError: As :func:`find_first_ranks`.
    """
    rows = _number_rows(run, truth)
    return _first(rows, mark_gold(rows, truth), len(truth))


def score_gold_ranks(ranks: Ranks) -> dict[str, float]:
    """Return recall at all depths and MRR of questions with a gold passage, 0 to 100.

    >>> scores = score_gold_ranks(np.array([1, 2, 0, 20]))
    >>> scores["recall_at_1"], scores["recall_at_5"], scores["recall_at_20"]
    (25.0, 50.0, 75.0)
    >>> scores["mrr"]
    38.75
    """
    return {
        **{f"recall_at_{depth}": PERCENT * float(is_within(ranks, depth).mean())
           for depth in DEPTHS},
        MRR: PERCENT * float(reciprocal(ranks).mean()),
    }  # fmt: skip


def is_within(ranks: Ranks, depth: int) -> Mask:
    """Mark the questions with a rank of at most ``depth``."""
    return np.asarray((ranks != NOT_FOUND) & (ranks <= depth))


def reciprocal(ranks: Ranks) -> NDArray[np.float64]:
    """Return 1 / rank; 0 for what was not found."""
    return np.where(ranks == NOT_FOUND, 0.0, 1.0 / np.maximum(ranks, 1))


def mark_gold(rows: pd.DataFrame, truth: RetrievalTruth) -> Mask:
    """Mark numbered rows of a run that hold a gold passage, or one of its group."""
    groups = truth.group_of_passage[rows["passage"].to_numpy()]
    keys = truth.key(rows["question"].to_numpy(), groups)
    return np.asarray(np.isin(keys, truth.gold_keys))


def _number_rows(run: pd.DataFrame, truth: RetrievalTruth) -> pd.DataFrame:
    """Return question, passage and rank as numbers, of questions that can be judged."""
    question = truth.number_questions(run["question_id"])
    is_judged = question >= 0
    judged = run[is_judged]
    passage = truth.number_passages(judged["passage_id"])
    if (passage < 0).any():
        unknown = judged.loc[passage < 0, "passage_id"].unique()
        raise ValueError(
            f"Found passages in a run that are not among the {len(truth.passages)} that were "
            f"searched: {list_shortly(list(unknown), 3)}; "
            "search these passages again."
        )
    numbers: Mapping[str, NDArray[np.int64]] = {
        "question": question[is_judged],
        "passage": passage,
        "rank": judged["rank"].to_numpy(np.int64),
    }
    return pd.DataFrame(numbers)


def _first(rows: pd.DataFrame, found: Mask, n_questions: int) -> Ranks:
    hits = rows[found].groupby("question")["rank"].min()
    ranks = np.full(n_questions, NOT_FOUND, dtype=np.int64)
    ranks[hits.index.to_numpy(np.int64)] = hits.to_numpy(np.int64)
    return ranks


def _find_answers(rows: pd.DataFrame, truth: RetrievalTruth) -> Ranks:
    """Read the passages of each question, best first, until one holds an answer."""
    ordered = rows.sort_values(["question", "rank"])
    questions, passages, ranks = (
        ordered[name].to_numpy() for name in ("question", "passage", "rank")
    )
    borders = [*np.flatnonzero(np.diff(questions, prepend=-1)).tolist(), len(questions)]
    first = np.full(len(truth), NOT_FOUND, dtype=np.int64)
    for start, end in pairwise(borders):
        question = questions[start]
        answers = truth.answers[question]
        # Most questions are over at their first passage.
        for place in range(start, end if answers else start):
            if holds_answer(truth.text_of(passages[place]), answers):
                first[question] = ranks[place]
                break
    return first
