"""Micro F1, AUPRC and accuracy of one model under any labelling of its rows.

Where nobody knows the labels, many labellings are drawn and a model is judged by each. Its scores
stay what they are, so rows are ranked once, and only those that have a label are looked up anew.
The counterpart is ``resampled_metrics.py``: one labelling, many weightings.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.klue import accuracy, micro_f1


class RelabelledMetrics:
    """The scores of one model, ready to be judged by many labellings."""

    def __init__(self, scores: ScoreTable, negative_id: int | None) -> None:
        """Do once what every labelling needs: predict, and rank the rows by each label's score.

        Args:
            scores: At least one row.
            negative_id: Id of the label that means no relation, or None.

        Raises:
            ValueError: There is no row, or a score is not a number.
        """
        require_usable_logits(scores.logits)
        self._predicted, self._negative_id = scores.logits.argmax(axis=1), negative_id
        by_label = -scores.probabilities.T
        # How many rows the model is surer of, without and with those that tie. (labels, rows)
        self._taken_before = rankdata(by_label, method="min", axis=1).astype(np.int64) - 1
        self._taken = rankdata(by_label, method="max", axis=1).astype(np.int64)

    def __call__(self, gold_ids: NDArray[np.int64]) -> dict[str, float]:
        """Judge by one labelling.

        Args:
            gold_ids: A label id for each row. Shape: (rows,).

        Returns:
            ``micro_f1``, ``auprc`` and ``accuracy``, 0 to 100, as
            :func:`klue_pipeline.relation.metrics.klue.score_metrics` would give them.
        """
        return {
            "micro_f1": micro_f1(gold_ids, self._predicted, self._negative_id),
            "auprc": PERCENT * self._mean_area(gold_ids),
            "accuracy": accuracy(gold_ids, self._predicted),
        }

    def _mean_area(self, gold_ids: NDArray[np.int64]) -> float:
        """Integrate all labels' precision-recall curves at once, each sorted by label and level."""
        n_labels, n_rows = self._taken.shape
        keys = gold_ids * (n_rows + 1) + self._taken[gold_ids, np.arange(n_rows)]
        levels, rows, gained = np.unique(keys, return_index=True, return_counts=True)
        label_ids, taken = np.divmod(levels, n_rows + 1)
        totals = np.bincount(gold_ids, minlength=n_labels)
        found = np.cumsum(gained) - (np.cumsum(totals) - totals)[label_ids]
        taken_before, found_before = self._taken_before[label_ids, rows], found - gained
        # Before any row is taken, precision is 1.
        height = found / taken + np.where(
            taken_before > 0, found_before / np.maximum(taken_before, 1), 1.0
        )
        doubled = np.bincount(label_ids, weights=gained * height, minlength=n_labels)
        has_rows = totals > 0
        return float((doubled[has_rows] / (2 * totals[has_rows])).mean())
