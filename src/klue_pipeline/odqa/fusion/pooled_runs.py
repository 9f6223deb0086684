"""The passages that any of several runs found, each once for a question, with every run's score."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PooledRuns:
    """All runs as one table; a question's rows are adjacent.

    Within a question, passages stand in the order in which the first run has them, then the second,
    and so on: where they fuse to equal scores, that order decides.

    Attributes:
        names: Of the runs.
        question_ids: Shape: (rows,).
        passage_ids: Shape: (rows,).
        starts: Where each question begins. Shape: (questions,).
        ranks: From 1; NaN where a run did not find the passage. Shape: (rows, runs).
        scores: As ``ranks``.
    """

    names: list[str]
    question_ids: NDArray[np.object_]
    passage_ids: NDArray[np.object_]
    starts: NDArray[np.int64]
    ranks: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return how many rows each question has."""
        return np.diff(self.starts, append=len(self.question_ids))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Repeat what each question has for all of its rows."""
        return np.repeat(values, self.lengths, axis=0)

    def of_questions(self, wanted: NDArray[np.bool_]) -> "PooledRuns":
        """Return some of the questions.

        Args:
            wanted: Shape: (questions,).
        """
        rows, lengths = np.repeat(wanted, self.lengths), self.lengths[wanted]
        return PooledRuns(
            self.names,
            self.question_ids[rows],
            self.passage_ids[rows],
            np.cumsum(lengths) - lengths,
            self.ranks[rows],
            self.scores[rows],
        )


def pool_runs(runs: Mapping[str, pd.DataFrame]) -> PooledRuns:
    """Put runs side by side.

    Args:
        runs: Each a run (:class:`~klue_pipeline.odqa.ingest.schema.Run`), by its retriever's name.

    Raises:
        ValueError: There is none.
    """
    if not runs:
        raise ValueError("There are no runs to fuse; at least one was wanted.")
    stacked = pd.concat(runs.values(), ignore_index=True)
    question, question_ids = pd.factorize(stacked["question_id"])
    passage, passage_ids = pd.factorize(stacked["passage_id"])
    pairs = question.astype(np.int64) * max(len(passage_ids), 1) + passage
    _, first, pair = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.lexsort((first, question[first]))
    first, row = first[order], np.argsort(order)[pair]
    column = np.repeat(np.arange(len(runs)), [len(run) for run in runs.values()])
    lengths = np.bincount(question[first], minlength=len(question_ids))
    return PooledRuns(
        list(runs),
        question_ids.to_numpy(object)[question[first]],
        passage_ids.to_numpy(object)[passage[first]],
        np.cumsum(lengths) - lengths,
        *(
            _matrix(row, column, stacked[name].to_numpy(float), (len(first), len(runs)))
            for name in ("rank", "score")
        ),
    )


def _matrix(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    values: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    matrix = np.full(shape, np.nan)
    matrix[row, column] = values
    return matrix
