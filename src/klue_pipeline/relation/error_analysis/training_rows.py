"""The training rows: which fold's model learned from which, and what they say of an entity pair.

A model that has seen a pair can answer from memory; one that has seen it with another label can
err from memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.error_analysis.predictions import write_counts
from klue_pipeline.relation.error_analysis.rows import ScoredRows
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


def describe_pairs(rows: ScoredRows, training: TrainingRows) -> pd.DataFrame:
    """Return the columns ``pair_rows`` to ``pair_rows_seen`` of the table of errors.

    Raises:
        ValueError: A row was scored by a model that learned from it, or by a fold that the training
            rows do not know.
    """
    pair_of_training_row, keys = pd.factorize(training.sentences["pair_key"])
    # A pair that no training row has is number -1: the row of zeros behind all sums.
    pair = pd.Index(keys).get_indexer(pd.Index(rows.sentences["pair_key"]))
    has_label = _has_label(training)
    labels = _sum_by_pair(pair_of_training_row, has_label)[pair] - _given_labels(
        rows, training, has_label
    )
    seen = _sum_by_pair(pair_of_training_row, _learned_by_fold_or_any(training))
    return pd.DataFrame(
        {
            "pair_rows": labels.sum(axis=1),
            "pair_labels": write_counts(labels, training.label_names),
            "pair_rows_seen": seen[pair, _model_of_row(rows, training)],
        }
    )


def _has_label(training: TrainingRows) -> NDArray[np.bool_]:
    """Mark the label of each training row. Shape: (training rows, labels of the task)."""
    names = pd.Index(training.label_names)
    ids = names.get_indexer(pd.Index(training.sentences["label"]))
    return np.asarray(ids[:, None] == np.arange(len(names)))


def _sum_by_pair(
    pair_of_training_row: NDArray[np.int64], marks: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count the marked training rows of each pair. Shape: (pairs + 1, columns of ``marks``)."""
    n_pairs = pair_of_training_row.max(initial=-1) + 1
    sums = np.zeros((n_pairs + 1, marks.shape[1]), dtype=np.int64)
    np.add.at(sums, pair_of_training_row, marks)
    return sums


def _given_labels(
    rows: ScoredRows, training: TrainingRows, has_label: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Mark the given label of each scored row that is itself a training row.

    Test rows are none, even where their ids look the same. Shape: (rows, labels of the task).
    """
    if rows.scores.folds is None:
        return np.zeros((len(rows), has_label.shape[1]), dtype=np.int64)
    place = pd.Index(training.sentences["row_id"]).get_indexer(pd.Index(rows.scores.row_ids))
    learned = training.learned[place, _model_of_row(rows, training)]
    if learned.any():
        raise ValueError(
            f"{learned.sum()} out-of-fold rows were scored by a model that had them to learn from, "
            f"such as {rows.scores.row_ids[learned][:3].tolist()}; scores and folds come from "
            "different runs, train again with this split."
        )
    return np.asarray(has_label[place], dtype=np.int64)


def _learned_by_fold_or_any(training: TrainingRows) -> NDArray[np.bool_]:
    """Add a last column for test rows, which the models of all folds score together."""
    return np.column_stack([training.learned, training.learned.any(axis=1)])


def _model_of_row(rows: ScoredRows, training: TrainingRows) -> NDArray[np.int64]:
    """Return the column of :func:`_learned_by_fold_or_any` for each row. Shape: (rows,)."""
    if rows.scores.folds is None:
        return np.full(len(rows), len(training.folds))
    return training.columns_of(rows.scores.folds)
