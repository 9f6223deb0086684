"""A constant on the negative label's score: how readily a model says that there is no relation.

It is fitted on the rows as they are. Chosen on rows re-weighted to a target prior it did harm: on
KLUE-RE that cost 1.75 points of F1 on the real test, where one chosen on plain rows gained 0.26.
"""

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.logits import require_label_ids, require_usable_logits
from klue_pipeline.evaluation.nesting import nested_parts
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.klue import micro_f1

logger = logging.getLogger(__name__)

_BEYOND = 2.0
"""Width given to the open plateaus beyond all rows, so that they have a middle 1 nat away."""


def add_negative_bias(scores: ScoreTable, negative_id: int, bias: float) -> ScoreTable:
    """Add a constant to the negative label's score; above 0, more rows get no relation.

    Raises:
        ValueError: The bias is not a finite number.
    """
    _require_finite(bias)
    biases = np.full(len(scores), bias)
    return _add_biases(scores, negative_id, biases)


def fit_negative_bias(logits: NDArray[np.floating], gold_ids: ArrayLike, negative_id: int) -> float:
    """Find the constant on the negative label's score that gives the best micro F1.

    A row is predicted as its best relation if that beats the negative label by more than the bias,
    so F1 is a step function of the bias that changes only where a row's margin is. All steps are
    judged, by sorting the margins once.

    Args:
        logits: Scores before softmax; minus infinity for a label that is ruled out.
            Shape: (rows, labels).
        gold_ids: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation.

    Returns:
        0 if no bias is better than none; otherwise the middle of the best step, of equally good
        ones that nearest to 0.

    Raises:
        ValueError: There is no row, a score is not a number, a row has no label left, or true
            labels do not fit the scores.
    """
    gold = np.asarray(gold_ids)
    require_usable_logits(logits)
    require_label_ids(gold, logits)
    middles, f1 = _judge_steps(logits, gold, negative_id)
    best = f1.max()
    if micro_f1(gold, logits.argmax(axis=1), negative_id) >= best:
        return 0.0
    candidates = middles[f1 == best]
    return float(candidates[np.abs(candidates).argmin()])


def _judge_steps(
    logits: NDArray[np.floating], gold: NDArray[np.int64], negative_id: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of every step and micro F1 on it, from the largest bias to the least."""
    relations = np.delete(np.arange(logits.shape[1]), negative_id)
    of_relations = logits[:, relations].astype(np.float64)
    margins = of_relations.max(axis=1) - logits[:, negative_id]
    is_hit = relations[of_relations.argmax(axis=1)] == gold
    # From the row that says most clearly that there is a relation; infinite margins never change.
    order = np.argsort(-margins, kind="stable")
    distinct, ends = _ends_of_ties(margins[order])
    n_always = int((margins == np.inf).sum())
    taken = np.append(n_always, ends)
    hits = np.append(0, np.cumsum(is_hit[order]))[taken]
    n_gold = int((gold != negative_id).sum())
    f1 = 2 * PERCENT * hits / np.maximum(taken + n_gold, 1)
    return _middles(distinct), f1


def _ends_of_ties(margins: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the finite values of descending margins, and how many rows have each or more."""
    ends = np.flatnonzero(np.append(margins[1:] != margins[:-1], True)) + 1
    values = margins[ends - 1]
    is_finite = np.isfinite(values)
    return values[is_finite], ends[is_finite]


def _middles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middles between descending values and beyond both ends."""
    if not len(values):
        return np.zeros(1)
    edges = np.concatenate([[values[0] + _BEYOND], values, [values[-1] - _BEYOND]])
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def nested_negative_bias(scores: ScoreTable, gold_ids: ArrayLike, negative_id: int) -> ScoreTable:
    """Bias each fold by what is best on the rows that it does not hold out.

    What these scores gain over plain ones is what a bias gains on rows that it was not fitted on,
    so comparing the two decides honestly whether to use one. The bias for test rows is then
    :func:`fit_negative_bias` of all rows.

    Args:
        scores: Out-of-fold scores.
        gold_ids: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation.

    Returns:
        The scores in their order. A fold outside which no row was scored, such as a single
        hold-out, is left as it is, and a warning says so.

    Raises:
        ValueError: The scores have no folds, or as in :func:`fit_negative_bias`.
    """
    gold = np.asarray(gold_ids)
    biases = np.zeros(len(scores))
    for part in nested_parts(scores):
        if part.others.any():
            rows = part.others
            biases[part.held_out] = fit_negative_bias(scores.logits[rows], gold[rows], negative_id)
        else:
            logger.warning(
                "fold_%d: no rows but its own were scored, so that no bias can be fitted for it; "
                "train more folds",
                part.fold,
            )
    return _add_biases(scores, negative_id, biases)


def _add_biases(scores: ScoreTable, negative_id: int, biases: NDArray[np.float64]) -> ScoreTable:
    logits = scores.logits.copy()
    logits[:, negative_id] = logits[:, negative_id] + biases
    return replace(scores, logits=logits)


def _require_finite(bias: float) -> None:
    if not np.isfinite(bias):
        raise ValueError(f"Found bias {bias}; a finite number was wanted.")
