"""The training rows, and which fold's model learned from which of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.metrics.targets import map_gold
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.training.splitting.fold_members import training_and_validation_rows


@dataclass(frozen=True)
class TrainingRows:
    """Every training row, scored or not.

    Attributes:
        sentences: The rows with their given labels, index from 0.
        label_names: The labels of the task.
        folds: Numbers of the folds that were trained, ascending.
        learned: Whether the model of each fold had the row to learn from: the fold does not hold it
            out, and its label answers the model's question. Shape: (rows, folds).
    """

    sentences: pd.DataFrame
    label_names: tuple[str, ...]
    folds: tuple[int, ...]
    learned: NDArray[np.bool_]

    def columns_of(self, folds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of each fold number among :attr:`folds`.

        Raises:
            ValueError: A fold is not among them.
        """
        unknown = np.setdiff1d(folds, self.folds)
        if len(unknown):
            raise ValueError(
                f"Rows were scored by folds {unknown.tolist()}, but only folds {list(self.folds)} "
                "have scored test rows; train and predict with the same folds.run."
            )
        return np.searchsorted(self.folds, folds)


def collect_training_rows(
    sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    folds: Sequence[int],
    labels: LabelSet,
    target: TargetParams,
) -> TrainingRows:
    """Say which models could learn from which training rows.

    What augmentation took out or weighed with 0 is not known here; such a row counts as learned.

    Args:
        sentences: Training rows; schema ``Sentences``.
        fold_members: The rows that each fold holds out.
        folds: The folds that were trained.
        labels: The label set of the task.
        target: Which question the models answer.

    Raises:
        ValueError: There is no fold, a fold is not in the split, the split names other rows, or a
            label is unknown.
    """
    if not folds:
        raise ValueError("Found no fold that was trained; train one at least.")
    rows = sentences.reset_index(drop=True)
    answers = map_gold(gold_by_row(rows), labels, target)
    has_answer = rows["row_id"].isin(answers.index).to_numpy(dtype=bool)
    chosen = tuple(sorted(set(folds)))
    in_training = [
        training_and_validation_rows(rows["row_id"], fold_members, fold)[0] for fold in chosen
    ]
    learned = np.stack(in_training, axis=1) & has_answer[:, None]
    return TrainingRows(rows, tuple(labels.names), chosen, learned)
