"""How well a table of scores agrees with the true labels: overall, by fold and by label."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.metrics import PERCENT, auprc_per_label, score_metrics
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable

logger = logging.getLogger(__name__)

Metrics = dict[str, float | int]


def gold_by_row(rows: pd.DataFrame) -> pd.Series:
    """Return the true labels of a table with ``row_id`` and ``label``, indexed by row id.

    Raises:
        ValueError: A row id stands in the table twice.
    """
    gold = rows.set_index("row_id")["label"]
    if not gold.index.is_unique:
        repeated = gold.index[gold.index.duplicated()][0]
        raise ValueError(f"Row ids of true labels must be unique; {repeated!r} is repeated.")
    return gold


def evaluate_scores(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> Metrics:
    """Judge scores by every metric.

    Args:
        scores: One row per scored sentence; with overlapping folds a sentence counts once per
            fold that held it out.
        gold: True label names, indexed by row id; may list more rows than were scored.
        labels: The label set the scores were made for.

    Returns:
        The metrics of :func:`~klue_pipeline.relation.metrics.score_metrics`, and ``rows``.

    Raises:
        ValueError: The label sets differ, a scored row has no true label, or there is no row.
    """
    metrics = score_metrics(scores.logits, gold_ids(scores, gold, labels), negative_id(labels))
    return {**metrics, "rows": len(scores)}


def evaluate_known_rows(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> Metrics | None:
    """Judge the scored rows whose true label is known; test rows often have none.

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
    return evaluate_scores(take_rows(scores, known), gold, labels)


def evaluate_by_fold(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> dict[str, Metrics]:
    """Judge the validation rows of each fold apart, under ``fold_<k>``.

    Raises:
        ValueError: The scores do not say which fold they belong to, or as in
            :func:`evaluate_scores`.
    """
    if scores.folds is None:
        raise ValueError("Found scores without folds; only out-of-fold scores can be split.")
    return {
        f"fold_{fold}": evaluate_scores(take_rows(scores, scores.folds == fold), gold, labels)
        for fold in np.unique(scores.folds).tolist()
    }


def per_label_table(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> pd.DataFrame:
    """Judge each label apart.

    Returns:
        One row per label in label order: ``label``, ``support`` (rows that have it),
        ``predicted`` (rows it was predicted for), and from 0 to 100 ``precision``, ``recall``,
        ``f1`` and ``auprc``; NaN where undefined: precision of a label never predicted, recall
        and area of a label that no row has.

    Raises:
        ValueError: As in :func:`evaluate_scores`.
    """
    counts = confusion_counts(scores, gold, labels)
    correct, support, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    return pd.DataFrame(
        {
            "label": labels.names,
            "support": support,
            "predicted": predicted,
            "precision": _percentage(correct, predicted),
            "recall": _percentage(correct, support),
            "f1": _percentage(2 * correct, support + predicted),
            "auprc": auprc_per_label(gold_ids(scores, gold, labels), scores.probabilities),
        }
    )


def confusion_counts(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> NDArray[np.int64]:
    """Count rows by true and predicted label.

    Returns:
        True labels down, predicted labels across, in label order. Shape: (labels, labels).

    Raises:
        ValueError: As in :func:`evaluate_scores`.
    """
    counts = np.zeros((len(labels.names), len(labels.names)), dtype=np.int64)
    np.add.at(counts, (gold_ids(scores, gold, labels), scores.logits.argmax(axis=1)), 1)
    return counts


def row_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide each row of a confusion matrix by its sum; a row without counts stays 0.

    >>> row_shares(np.array([[3, 1], [0, 0]]))
    array([[0.75, 0.25],
           [0.  , 0.  ]])
    """
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def take_rows(scores: ScoreTable, rows: NDArray[np.int64] | NDArray[np.bool_]) -> ScoreTable:
    """Return the scores of some rows, given as positions in the wanted order or as a mask."""
    folds = None if scores.folds is None else scores.folds[rows]
    return replace(scores, row_ids=scores.row_ids[rows], logits=scores.logits[rows], folds=folds)


def negative_id(labels: LabelSet) -> int | None:
    """Return the id of the label that means no relation, or None if there is none."""
    return None if labels.negative is None else labels.names.index(labels.negative)


def gold_ids(scores: ScoreTable, gold: pd.Series, labels: LabelSet) -> NDArray[np.int64]:
    """Look up the true label id of each scored row.

    Returns:
        Label ids in the order of ``scores``. Shape: (rows,).

    Raises:
        ValueError: The label sets differ, or a scored row has no true label or an unknown one.
    """
    if list(scores.labels) != labels.names:
        raise ValueError(
            f"Scores are for {len(scores.labels)} labels {list(scores.labels)[:3]}…, the label "
            f"set has {len(labels.names)} {labels.names[:3]}…; score again with this label set."
        )
    found = pd.Index(labels.names).get_indexer(pd.Index(gold.reindex(scores.row_ids)))
    missing = scores.row_ids[found < 0]
    if len(missing):
        raise ValueError(
            f"{len(missing)} scored rows have no true label of the label set, among them "
            f"{missing[:3].tolist()}; the scores may belong to other rows."
        )
    return found.astype(np.int64)


def _percentage(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(part), np.nan)
    np.divide(part * PERCENT, whole, out=shares, where=whole > 0)
    return shares
