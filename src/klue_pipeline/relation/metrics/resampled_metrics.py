"""Micro F1, AUPRC and accuracy of one model under any weighting of its rows.

A weight says how often a row counts: how often a bootstrap draw has it, or how much rarer its label
is here than where the model will be judged. No row is ever copied: F1 and accuracy need weighted
sums, and each precision-recall curve is sorted once and summed anew with every draw's weights.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.truth import LabelledScores

METRICS = ("micro_f1", "auprc", "accuracy")
"""The scores of every model under every weighting."""

THREADS = 2
"""How many calls run side by side; sparse products and sorted sums let go of Python's lock."""

_NEXT_TO_NOTHING = np.float32(1e-30)
"""Makes 0 / 0 a 1 and is lost in any other weight; several times as fast as telling them apart."""


class ResampledMetrics:
    """The scores of one model, ready to be judged under many weightings."""

    def __init__(self, scores: LabelledScores) -> None:
        """Do once what every draw needs: predict, and sort the rows by each label's score.

        Args:
            scores: At least one row.
        """
        gold, negative = scores.truth, scores.negative_id
        predicted, probabilities = scores.predicted, scores.table.probabilities
        is_gold, is_predicted = gold != negative, predicted != negative
        is_correct = gold == predicted
        # Rows of this product are: correct relations, relations in gold and prediction, correct
        # rows, and all rows. Sparse, because threads of a dense one would fight with ours.
        self._sums = csr_array(
            np.stack(
                [is_gold & is_correct, is_gold * 1 + is_predicted, is_correct, np.ones_like(gold)]
            ).astype(np.float32)
        )
        self._curves = [
            _Curve(gold == label_id, probabilities[:, label_id]) for label_id in np.unique(gold)
        ]

    def __call__(self, weights: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
        """Judge every draw.

        Args:
            weights: How much each row counts in each draw; none negative, not all 0.
                Shape: (rows, draws).

        Returns:
            ``micro_f1``, ``auprc`` and ``accuracy``, 0 to 100, as
            :mod:`klue_pipeline.relation.metrics.klue` would give them for rows repeated as often. A
            label without weight is left out of its draw's AUPRC. Shape of each: (draws,).
        """
        found, relations, correct, total = (self._sums @ weights).astype(np.float64)
        areas = np.stack([curve.areas(weights) for curve in self._curves])
        return {
            "micro_f1": _percentage(2 * found, relations),
            "auprc": PERCENT * np.nanmean(areas, axis=0),
            "accuracy": _percentage(correct, total),
        }


class _Curve:
    """The precision-recall curve of one label, sorted once and weighted often.

    Only the scores that a row of the label has, its levels, move the curve to the right. So rows
    are added up by the next level that they reach, and those below the last level are left out.
    """

    def __init__(self, is_positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> None:
        """Sort the rows into levels.

        Args:
            is_positive: Which rows have the label; at least one. Shape: (rows,).
            scores: How sure the model is of the label. Shape: (rows,).
        """
        levels = np.unique(scores[is_positive])[::-1]
        rows = np.flatnonzero(scores >= levels[-1])
        level = np.searchsorted(-levels, -scores[rows])
        is_at_level, has_label = levels[level] == scores[rows], is_positive[rows]
        shape = (len(levels), len(scores))
        self._above = _sum_matrix(level[~is_at_level], rows[~is_at_level], shape)
        self._found = _sum_matrix(level[has_label], rows[has_label], shape)
        others_tie = is_at_level.sum() > has_label.sum()
        self._tied = (
            _sum_matrix(level[is_at_level], rows[is_at_level], shape) if others_tie else self._found
        )

    def areas(self, weights: NDArray[np.floating]) -> NDArray[np.floating]:
        """Integrate by trapezoids, ties together, from recall 0 with precision 1.

        Returns:
            The area in each draw, 0 to 1; NaN where no positive row was drawn. Shape: (draws,).
        """
        gained, taken_before = self._found @ weights, self._above @ weights
        tied = gained if self._tied is self._found else self._tied @ weights
        found, taken = np.cumsum(gained, axis=0), np.cumsum(taken_before + tied, axis=0)
        taken_before[1:] += taken[:-1]
        height = _precision(found, taken)
        height[0] += _precision(np.zeros_like(found[0]), taken_before[0])
        height[1:] += _precision(found[:-1], taken_before[1:])
        doubled, total = np.einsum("ld,ld->d", gained, height), found[-1]
        areas: NDArray[np.floating] = np.full_like(total, np.nan)
        np.divide(doubled, 2 * total, out=areas, where=total > 0)
        return areas


def _sum_matrix(
    places: NDArray[np.int64], rows: NDArray[np.int64], shape: tuple[int, int]
) -> csr_array:
    """Return the matrix that adds up rows by their place. Shape: (places, rows)."""
    return csr_array((np.ones(len(rows), dtype=np.float32), (places, rows)), shape=shape)


def _precision(found: NDArray[np.floating], taken: NDArray[np.floating]) -> NDArray[np.floating]:
    """Divide; before any row is taken, precision is 1."""
    return np.asarray((found + _NEXT_TO_NOTHING) / (taken + _NEXT_TO_NOTHING))


def _percentage(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; without any relation, F1 is 0."""
    return PERCENT * np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
