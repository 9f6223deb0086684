"""How well a table of scores agrees with the true labels: overall, by fold and by label."""

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores, label_scores
from klue_pipeline.relation.metrics.klue import auprc_per_label, score_metrics

logger = logging.getLogger(__name__)

Metrics = dict[str, float | int]


def evaluate_scores(scores: LabelledScores) -> Metrics:
    """Judge scores by every metric.

    Args:
        scores: One row per scored sentence; with overlapping folds a sentence counts once per
            fold that held it out.

    Returns:
        The metrics of :func:`~klue_pipeline.relation.metrics.klue.score_metrics`, and ``rows``.

    Raises:
        ValueError: There is no row, or a score is not a number.
    """
    metrics = score_metrics(scores.table.logits, scores.truth, scores.negative_id)
    return {**metrics, "rows": len(scores)}


def evaluate_known_rows(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> Metrics | None:
    """Judge the scored rows whose true label is known; test rows often have none.

    Args:
        scores: Scores of any rows.
        gold: The true label names that are known, indexed by row id.
        labels: The label set of the scores.

    Returns:
        As :func:`evaluate_scores`, or None if no true label is known.

    Raises:
        ValueError: The label sets differ, or a true label is not in the label set.
    """
    known = pd.Series(scores.row_ids).isin(gold.dropna().index).to_numpy(dtype=bool)
    if not known.any():
        return None
    if not known.all():
        logger.warning(
            "%d of %d rows have no true label; judged the rest.", (~known).sum(), len(known)
        )
    return evaluate_scores(label_scores(scores.take(known), gold, labels))


def evaluate_by_fold(scores: LabelledScores) -> dict[str, Metrics]:
    """Judge the validation rows of each fold apart, under ``fold_<k>``.

    Raises:
        ValueError: The scores do not say which fold they belong to, or as in
            :func:`evaluate_scores`.
    """
    folds = scores.table.folds
    if folds is None:
        raise ValueError("Found scores without folds; only out-of-fold scores can be split.")
    return {
        f"fold_{fold}": evaluate_scores(scores.take(folds == fold))
        for fold in np.unique(folds).tolist()
    }


def per_label_table(scores: LabelledScores) -> pd.DataFrame:
    """Judge each label apart.

    Returns:
        One row per label in label order: ``label``, ``support`` (rows that have it),
        ``predicted`` (rows it was predicted for), and from 0 to 100 ``precision``, ``recall``,
        ``f1`` and ``auprc``; NaN where undefined: precision of a label never predicted, recall
        and area of a label that no row has.

    Raises:
        ValueError: As in :func:`evaluate_scores`.
    """
    counts = confusion_counts(scores)
    correct, support, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    return pd.DataFrame(
        {
            "label": list(scores.table.labels),
            "support": support,
            "predicted": predicted,
            "precision": _percentage(correct, predicted),
            "recall": _percentage(correct, support),
            "f1": _percentage(2 * correct, support + predicted),
            "auprc": auprc_per_label(scores.truth, scores.table.probabilities),
        }
    )


def confusion_counts(scores: LabelledScores) -> NDArray[np.int64]:
    """Count rows by true and predicted label.

    Returns:
        True labels down, predicted labels across, in label order. Shape: (labels, labels).
    """
    n_labels = len(scores.table.labels)
    counts = np.zeros((n_labels, n_labels), dtype=np.int64)
    np.add.at(counts, (scores.truth, scores.predicted), 1)
    return counts


def row_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide each row of a confusion matrix by its sum; a row without counts stays 0.

    >>> row_shares(np.array([[3, 1], [0, 0]]))
    array([[0.75, 0.25],
           [0.  , 0.  ]])
    """
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _percentage(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(part), np.nan)
    np.divide(part * PERCENT, whole, out=shares, where=whole > 0)
    return shares
