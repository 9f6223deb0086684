"""What members say of the same questions, as numbers: equal answers are one candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.metrics.answers import normalise_answer

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NOBODY = -1
"""The candidate for a question for which nobody has one."""

_SHOWN = ["question_id", "text", "untrimmed", "passage_id", "start_char", "end_char"]


@dataclass(frozen=True, eq=False)
class Ballots:
    """The candidates of all members. Those of a question are adjacent.

    Attributes:
        question_ids: The questions in order, also those without a candidate.
        members: Who votes.
        question: Place of each candidate's question, ascending. Shape: (candidates,).
        probabilities: What each member gives each candidate; 0 where it does not list it.
            Shape: (members, candidates).
        votes: Whether a candidate is what a member answers. Shape: (members, candidates).
        shown: How each candidate is shown, as the member with most probability for it does: the
            columns of ``NBest`` without rank and probability.
        depth: How many answers a member gives to a question at most.
    """

    question_ids: NDArray[np.object_]
    members: tuple[str, ...]
    question: NDArray[np.int64]
    probabilities: Floats
    votes: Mask
    shown: pd.DataFrame
    depth: int

    def texts(self, candidates: NDArray[np.int64]) -> pd.Series:
        """Return the texts of some candidates; an empty one for :data:`NOBODY`."""
        known = np.append(self.shown["text"].to_numpy(object), "")
        return pd.Series(known[candidates], dtype=object)


def collect_ballots(n_best: Mapping[str, pd.DataFrame], question_ids: Sequence[str]) -> Ballots:
    """Put together what members say.

    Args:
        n_best: The answers of each member, schema ``NBest``; those of other questions are left out.
        question_ids: The questions.
    """
    numbered = [table.assign(member=place) for place, table in enumerate(n_best.values())]
    rows = pd.concat(numbered, ignore_index=True)
    places = pd.Index(question_ids).get_indexer(pd.Index(rows["question_id"]))
    rows = rows.assign(question=places, key=rows["text"].map(normalise_answer))[places >= 0]
    # Numbered as they are listed, the first member's first: so do equally good ones stay.
    rows = rows.sort_values("question", kind="stable")
    rows["candidate"] = rows.groupby(["question", "key"], sort=False).ngroup()
    by_probability = rows.sort_values("probability", ascending=False, kind="stable")
    first = by_probability.drop_duplicates("candidate").sort_values("candidate")
    return Ballots(
        question_ids=np.array(question_ids, dtype=object),
        members=tuple(n_best),
        question=first["question"].to_numpy(np.int64),
        probabilities=_spread(rows, rows["probability"], (len(n_best), len(first))),
        votes=_spread(rows, rows["rank"] == 1, (len(n_best), len(first))) > 0,
        shown=first[_SHOWN].reset_index(drop=True),
        depth=int(rows["rank"].max()) if len(rows) else 0,
    )


def _spread(rows: pd.DataFrame, values: pd.Series, shape: tuple[int, int]) -> Floats:
    """Write a value of each row to its member and candidate, added up."""
    table = np.zeros(shape)
    places = (rows["member"].to_numpy(np.int64), rows["candidate"].to_numpy(np.int64))
    np.add.at(table, places, values.to_numpy(np.float64))
    return table
