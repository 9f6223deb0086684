"""What a run says of the passages that were read: their ranks, and how good their scores are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NOT_LISTED = -1


@dataclass(frozen=True, eq=False)
class ListedPassages:
    """The rows of a run by question and passage.

    Attributes:
        questions: Ids of the questions, in the order of the run.
        passages: Ids of the passages, sorted.
        pairs: Question and passage of each row as one number. Shape: (rows,).
        ranks: Shape: (rows,).
        retrieval: As :func:`relative_scores` returns it. Shape: (rows,).
    """

    questions: pd.Index
    passages: pd.Index
    pairs: pd.Index
    ranks: NDArray[np.int64]
    retrieval: NDArray[np.float64]

    @classmethod
    def of(cls, run: pd.DataFrame) -> "ListedPassages":
        """Number the questions and passages of a run (schema ``Run``)."""
        question, questions = pd.factorize(run["question_id"])
        passage, passages = pd.factorize(run["passage_id"], sort=True)
        return cls(
            pd.Index(questions),
            pd.Index(passages),
            pd.Index(question.astype(np.int64) * (len(passages) + 1) + passage),
            run["rank"].to_numpy(np.int64),
            relative_scores(run),
        )

    def find(self, question_ids: pd.Series, passage_ids: pd.Series) -> NDArray[np.int64]:
        """Return the row of the run for each pair, or :data:`NOT_LISTED`. Shape: (pairs,)."""
        question = self.questions.get_indexer(pd.Index(question_ids))
        passage = self.passages.get_indexer(pd.Index(passage_ids))
        rows = self.pairs.get_indexer(pd.Index(question * (len(self.passages) + 1) + passage))
        return np.where((question < 0) | (passage < 0), NOT_LISTED, rows).astype(np.int64)


def relative_scores(run: pd.DataFrame) -> NDArray[np.float64]:
    """Say how far each passage's score is below the question's best, by the width of its scores.

    Widths differ between questions and between engines. All passages that the run lists count, also
    those that are not read, so that reading more of them changes no number.

    Args:
        run: Schema ``Run``.

    Returns:
        0 for the best passage of a question, -1 for the worst; 0 for all where all are equal.
        Shape: (rows,).
    """
    scores = run.groupby("question_id", sort=False)["score"]
    best = scores.transform("max").to_numpy(float)
    width = best - scores.transform("min").to_numpy(float)
    below = run["score"].to_numpy(float) - best
    relative: NDArray[np.float64] = np.zeros(len(run))
    np.divide(below, width, out=relative, where=width > 0)
    return relative
