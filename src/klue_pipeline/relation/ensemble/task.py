"""The rows, folds and labels that a blend is for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.evaluation import gold_by_row, gold_ids, negative_id
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable


@dataclass(frozen=True)
class BlendTask:
    """What a blend is judged and decoded with.

    Attributes:
        sentences: The training rows; schema ``Sentences``.
        fold_members: Which rows each fold holds out: ``fold`` and ``row_id``.
        test_sentences: The test rows; schema ``TestSentences``.
        labels: The labels to score.
    """

    sentences: pd.DataFrame
    fold_members: pd.DataFrame
    test_sentences: pd.DataFrame
    labels: LabelSet

    @property
    def gold(self) -> pd.Series:
        """True label names, indexed by row id."""
        return gold_by_row(self.sentences)

    @property
    def negative_id(self) -> int | None:
        """Id of the label that means no relation, or None."""
        return negative_id(self.labels)

    def gold_ids(self, scores: ScoreTable) -> NDArray[np.int64]:
        """Return the true label ids of scored training rows. Shape: (rows,)."""
        return gold_ids(scores, self.gold, self.labels)
