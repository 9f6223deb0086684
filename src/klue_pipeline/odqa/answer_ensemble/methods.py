"""Ways to make one answer of several members', and the order that they put candidates into.

A method gives keys by which candidates are ordered, the most important first; the first of them is
told as the answer's probability.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.answer_ensemble.ballots import NOBODY, Ballots, Floats
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleMethod, TieBreak

Keys = list[Floats]
Method = Callable[[Ballots, Floats, TieBreak], Keys]

_DECIMALS = 12
"""Sums of the same numbers in another order differ behind these, and are ties."""


def add_probabilities(ballots: Ballots, weights: Floats, ties: TieBreak) -> Keys:  # noqa: ARG001
    """Take the weighted mean of what members give an answer.

    Args:
        ballots: What members say.
        weights: One for each member; their sum is 1.
        ties: Not needed.
    """
    return [np.round(weights @ ballots.probabilities, _DECIMALS)]


def count_votes(ballots: Ballots, weights: Floats, ties: TieBreak) -> Keys:
    """Give each member one vote, for its best answer.

    Of several answers with as many votes, the longer or the shorter one wins, of several as long
    ones that with more probability. What nobody votes for comes last, by probability.
    """
    votes = np.round(weights @ ballots.votes, _DECIMALS)
    lengths = ballots.shown["text"].str.len().to_numpy(np.float64)
    signed = lengths if ties == "longer" else -lengths
    return [votes, np.where(votes > 0, signed, 0.0), *add_probabilities(ballots, weights, ties)]


METHODS: Mapping[AnswerEnsembleMethod, Method] = {
    "probability_sum": add_probabilities,
    "weighted": add_probabilities,
    "hard_vote": count_votes,
}
"""All methods; :data:`FITTED` ones get fitted weights, the others equal ones."""

FITTED: frozenset[AnswerEnsembleMethod] = frozenset({"weighted"})


def rank_candidates(ballots: Ballots, keys: Keys) -> NDArray[np.int64]:
    """Order candidates by question, and within it by the keys, highest first."""
    descending = [-key for key in reversed(keys)]
    return np.asarray(np.lexsort((*descending, ballots.question)), dtype=np.int64)


def choose_best(ballots: Ballots, keys: Keys) -> NDArray[np.int64]:
    """Return each question's best candidate; ``NOBODY`` without one. Shape: (questions,)."""
    order = rank_candidates(ballots, keys)
    question = ballots.question[order]
    is_first = np.diff(question, prepend=-1) > 0
    best = np.full(len(ballots.question_ids), NOBODY, dtype=np.int64)
    best[question[is_first]] = order[is_first]
    return best


def tabulate_answers(ballots: Ballots, keys: Keys) -> pd.DataFrame:
    """Write the answers of all questions, best first, as many as a member gives at most.

    Returns:
        A table of schema ``NBest``.
    """
    order = rank_candidates(ballots, keys)
    table = ballots.shown.iloc[order].reset_index(drop=True)
    rank = table.groupby("question_id", sort=False).cumcount() + 1
    table.insert(1, "rank", rank)
    table.insert(4, "probability", keys[0][order])
    return table[rank <= ballots.depth].reset_index(drop=True)
