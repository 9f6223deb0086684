"""Micro F1, AUPRC and accuracy of one model under any weighting of its rows.

A weight says how often a row counts: how often a bootstrap draw has it, or how much rarer its label
is here than where the model will be judged. No row is ever copied: F1 and accuracy need weighted
sums, and each precision-recall curve is sorted once and summed anew with every draw's weights.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from klue_pipeline.relation.metrics import PERCENT
from klue_pipeline.relation.scores import ScoreTable

METRICS = ("micro_f1", "auprc", "accuracy")
"""What is told of every model under every weighting."""


class ResampledMetrics:
    """The scores of one model, ready to be judged under many weightings."""

    def __init__(self, scores: ScoreTable, gold: NDArray[np.int64], negative: int | None) -> None:
        """Do once what every draw needs: predict, and sort the rows by each label's score.

        Args:
            scores: At least one row.
            gold: True label ids. Shape: (rows,).
            negative: Id of the label that means no relation, or None.
        """
        predicted, probabilities = scores.logits.argmax(axis=1), scores.probabilities
        is_gold, is_predicted = gold != negative, predicted != negative
        is_correct = gold == predicted
        # Rows of this product are: correct relations, relations in gold and prediction, correct
        # rows, and all rows.
        self._sums = np.stack(
            [is_gold & is_correct, is_gold * 1 + is_predicted, is_correct, np.ones_like(gold)]
        ).astype(np.float64)
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
            :mod:`klue_pipeline.relation.metrics` would give them for rows repeated as often. A
            label without weight is left out of its draw's AUPRC. Shape of each: (draws,).
        """
        found, relations, correct, total = self._sums @ weights
        areas = np.stack([curve.areas(weights) for curve in self._curves])
        return {
            "micro_f1": _percentage(2 * found, relations),
            "auprc": PERCENT * np.nanmean(areas, axis=0),
            "accuracy": _percentage(correct, total),
        }


class _Curve:
    """The precision-recall curve of one label, sorted once and weighted often.

    Only ties that hold a positive row move the curve to the right, so the sorted rows are cut into
    the ties that do (odd pieces) and everything between them (even pieces).
    """

    def __init__(self, is_positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> None:
        """Cut the rows into pieces.

        Args:
            is_positive: Which rows have the label; at least one. Shape: (rows,).
            scores: How sure the model is of the label. Shape: (rows,).
        """
        levels = np.unique(scores[is_positive])[::-1]
        # Places among the descending levels: 2k before level k, 2k + 1 at it, 2k + 2 after it.
        piece = np.searchsorted(-levels, -scores, "left") + np.searchsorted(
            -levels, -scores, "right"
        )
        rows = np.arange(len(scores))
        self._taken = _sum_matrix(piece, rows, (2 * len(levels) + 1, len(scores)))
        self._found = _sum_matrix(
            piece[is_positive] // 2, rows[is_positive], (len(levels), len(scores))
        )

    def areas(self, weights: NDArray[np.floating]) -> NDArray[np.floating]:
        """Integrate by trapezoids, ties together, from recall 0 with precision 1.

        Returns:
            The area in each draw, 0 to 1; NaN where no positive row was drawn. Shape: (draws,).
        """
        taken = np.cumsum(self._taken @ weights, axis=0)
        found = np.cumsum(self._found @ weights, axis=0)
        found_before = np.vstack([np.zeros_like(found[:1]), found[:-1]])
        height = _precision(found_before, taken[:-1:2]) + _precision(found, taken[1::2])
        doubled = ((found - found_before) * height).sum(axis=0)
        total = found[-1]
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
    return np.asarray(np.divide(found, taken, out=np.ones_like(found), where=taken > 0))


def _percentage(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; without any relation, F1 is 0."""
    return PERCENT * np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
