"""The scores KLUE-RE is judged by, on KLUE's scale from 0 to 100.

Definitions are those of KLUE-baseline, ``klue_baseline/metrics/functional.py``
(``klue_re_micro_f1`` and ``klue_re_auprc``).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.logits import LOG_ZERO, read_weights

Metric = Callable[[NDArray[np.floating], NDArray[np.int64], int | None], float]


def micro_f1(
    gold_ids: ArrayLike,
    predicted_ids: ArrayLike,
    negative_id: int | None,
    weights: ArrayLike | None = None,
) -> float:
    """Return the F1 over all labels but the negative one, pooled over rows.

    Every row counts: a relation predicted where the gold label is negative is a false positive.
    Equal to scikit-learn's ``f1_score(average="micro", labels=<all but negative_id>) * 100``.

    Args:
        gold_ids: True label ids. Shape: (rows,).
        predicted_ids: Predicted label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation; None if every label is a relation.
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Returns:
        200 * correct / (predicted + gold relations), from 0 to 100; 0 where there are neither.

    Raises:
        ValueError: There is no row, or the two numbers of rows differ.

    >>> micro_f1([0, 1, 2, 1], [1, 1, 2, 0], negative_id=0)
    66.66666666666667
    """
    gold, predicted = _aligned(gold_ids, predicted_ids)
    counted = read_weights(weights, len(gold))
    is_gold, is_predicted = gold != negative_id, predicted != negative_id
    relations = float(counted[is_gold].sum() + counted[is_predicted].sum())
    correct = float(counted[is_gold & (gold == predicted)].sum())
    return 2 * PERCENT * correct / relations if relations else 0.0


def auprc(
    gold_ids: ArrayLike, probabilities: NDArray[np.floating], weights: ArrayLike | None = None
) -> float:
    """Return the mean area under the precision-recall curves of the labels, negative included.

    Labels that no row has are left out of the mean, because their recall is undefined (KLUE's own
    script would warn and count whatever the library returns).

    Args:
        gold_ids: True label ids. Shape: (rows,).
        probabilities: Probability of each label. Shape: (rows, labels).
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Returns:
        From 0 to 100.

    Raises:
        ValueError: There is no row, the numbers of rows differ, a label id has no column, or a
            probability is not finite.

    >>> auprc([0, 1], np.array([[0.9, 0.1], [0.2, 0.8]]))
    100.0
    """
    return float(np.nanmean(auprc_per_label(gold_ids, probabilities, weights)))


def auprc_per_label(
    gold_ids: ArrayLike, probabilities: NDArray[np.floating], weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the area under each label's precision-recall curve; :func:`auprc` is its mean.

    Returns:
        From 0 to 100; NaN for a label that no row has, or none that counts. Shape: (labels,).

    Raises:
        ValueError: As in :func:`auprc`.
    """
    gold = _checked_ids(gold_ids, probabilities)
    counted = read_weights(weights, len(gold))
    areas, by_label = np.full(probabilities.shape[1], np.nan), np.ascontiguousarray(probabilities.T)
    for label_id in np.unique(gold[counted > 0]):
        areas[label_id] = _area_under_curve(gold == label_id, by_label[label_id], counted)
    return areas * PERCENT


def _area_under_curve(
    is_positive: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.float64]
) -> float:
    """Integrate precision over recall by trapezoids, as ``auc(*precision_recall_curve)`` does.

    Rows of equal score enter the curve together. It starts at recall 0 with precision 1. This is
    not average precision, which is 0.4 points higher on a typical KLUE-RE model.
    """
    # Rows below the last positive one come after the curve's end.
    reached = np.flatnonzero(scores >= scores[is_positive].min())
    order = reached[np.argsort(-scores[reached])]
    ends_a_tie = np.append(np.diff(scores[order]) != 0, True)
    taken = np.cumsum(weights[order])[ends_a_tie]
    found = np.cumsum(np.where(is_positive, weights, 0.0)[order])[ends_a_tie]
    counts = taken > 0  # the best rows may weigh nothing
    precision = np.append(1.0, found[counts] / taken[counts])
    recall = np.append(0.0, found[counts] / found[-1])
    return float(np.trapezoid(precision, recall))


def accuracy(
    gold_ids: ArrayLike, predicted_ids: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Return the share of rows whose label was predicted, from 0 to 100.

    Args:
        gold_ids: True label ids. Shape: (rows,).
        predicted_ids: Predicted label ids. Shape: (rows,).
        weights: How much each row counts; None for all alike. Shape: (rows,).

    Raises:
        ValueError: There is no row, or the two numbers of rows differ.
    """
    gold, predicted = _aligned(gold_ids, predicted_ids)
    return float(np.average(gold == predicted, weights=read_weights(weights, len(gold)))) * PERCENT


def cross_entropy(gold_ids: ArrayLike, logits: NDArray[np.floating]) -> float:
    """Return the mean negative log-probability of the true label, in nats.

    Args:
        gold_ids: True label ids. Shape: (rows,).
        logits: Scores before softmax; minus infinity for a label that is ruled out, which costs
            87 nats where it was the true one. Shape: (rows, labels).

    Raises:
        ValueError: As in :func:`auprc`.
    """
    gold = _checked_ids(gold_ids, logits)
    of_gold = log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(gold)), gold]
    return float(-np.where(np.isneginf(of_gold), LOG_ZERO, of_gold).mean())


RELATION_METRICS: dict[str, Metric] = {
    "micro_f1": lambda logits, gold, negative: micro_f1(gold, logits.argmax(axis=1), negative),
    "auprc": lambda logits, gold, _: auprc(gold, softmax(logits.astype(np.float64), axis=1)),
    "accuracy": lambda logits, gold, _: accuracy(gold, logits.argmax(axis=1)),
    "loss": lambda logits, gold, _: cross_entropy(gold, logits),
}
"""Every metric by name, as a function of logits, gold label ids and the negative label's id."""


def score_metrics(
    logits: NDArray[np.floating], gold_ids: ArrayLike, negative_id: int | None
) -> dict[str, float]:
    """Judge the scores of one model by every metric.

    Args:
        logits: Scores before softmax, of any float type; minus infinity for a label that is ruled
            out. Shape: (rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation, or None.

    Returns:
        ``micro_f1``, ``auprc`` and ``accuracy`` from 0 to 100, and ``loss`` in nats.

    Raises:
        ValueError: There is no row, the numbers of rows differ, a label id has no column, or a
            score is not finite.
    """
    gold = _checked_ids(gold_ids, logits)
    return {name: metric(logits, gold, negative_id) for name, metric in RELATION_METRICS.items()}


def _aligned(
    gold_ids: ArrayLike, predicted_ids: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    gold, predicted = np.asarray(gold_ids), np.asarray(predicted_ids)
    if gold.shape != predicted.shape or gold.ndim != 1:
        raise ValueError(
            f"Gold labels have shape {gold.shape}, predictions {predicted.shape}; "
            "both need one id per row."
        )
    if not len(gold):
        raise ValueError("There are no rows to judge; at least one was wanted.")
    return gold, predicted


def _checked_ids(gold_ids: ArrayLike, scores: NDArray[np.floating]) -> NDArray[np.int64]:
    gold, _ = _aligned(gold_ids, np.empty(len(scores)))
    if gold.min() < 0 or gold.max() >= scores.shape[1]:
        raise ValueError(
            f"Gold label ids run from {gold.min()} to {gold.max()}; the scores have columns for "
            f"0 to {scores.shape[1] - 1}."
        )
    # Minus infinity rules a label out. The maximum of a row is NaN if one of its scores is.
    broken = int((~np.isfinite(scores.max(axis=1))).sum())
    if broken:
        raise ValueError(
            f"{broken} of {len(scores)} rows have scores that are not finite; the training "
            "diverged: lower training.learning_rate, or set training.precision to fp32."
        )
    return gold
