"""The questions that weights may be fitted on: training questions whose gold passage is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.fusion.pooled_runs import PooledRuns
from klue_pipeline.odqa.ingest.schema import TRAIN


@dataclass(frozen=True, eq=False)
class TrainingQuestions:
    """Training questions, and which groups of passages hold their answers.

    Attributes:
        gold_groups: ``question_id`` and ``group_id`` of training questions.
        group_of: ``group_id`` by ``passage_id``.
    """

    gold_groups: pd.DataFrame
    group_of: pd.Series

    def __len__(self) -> int:
        """Return the number of questions."""
        return int(self.gold_groups["question_id"].nunique())

    def are_in(self, pool: PooledRuns) -> NDArray[np.bool_]:
        """Say which questions of a pool are among them.

        Returns:
            Shape: (questions of the pool,).
        """
        return np.isin(pool.question_ids[pool.starts], self.gold_groups["question_id"].unique())

    def are_gold(self, pool: PooledRuns) -> NDArray[np.bool_]:
        """Say which rows of a pool are a gold passage, or of the group of one.

        Returns:
            Shape: (rows,).
        """
        groups = self.group_of.reindex(pool.passage_ids).to_numpy(object)
        wanted = pd.MultiIndex.from_frame(self.gold_groups)
        return pd.MultiIndex.from_arrays([pool.question_ids, groups]).isin(wanted)


def training_questions(
    examples: pd.DataFrame, gold: pd.DataFrame, groups: pd.DataFrame
) -> TrainingQuestions:
    """Find the questions that weights may be fitted on.

    Args:
        examples: All questions, with ``part``.
        gold: The gold passages of questions.
        groups: Which passages say the same.
    """
    group_of = groups.set_index("passage_id")["group_id"]
    training = examples.loc[examples["part"] == TRAIN, "question_id"]
    known = gold[gold["question_id"].isin(training)]
    gold_groups = pd.DataFrame(
        {
            "question_id": known["question_id"].to_numpy(object),
            "group_id": group_of.reindex(known["passage_id"]).to_numpy(object),
        }
    )
    return TrainingQuestions(gold_groups, group_of)
