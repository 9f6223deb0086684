"""What a model expects to score on rows whose labels nobody knows, by its own probabilities.

Expected true positives, and predicted and true relations, follow from calibrated probabilities row
by row (confidence-based performance estimation). What a calibration cannot mend is taken out by a
difference: the same expectation over weighed training rows, whose score is known (Guillory et al.
2021, "Predicting with Confidence on Unseen Distributions").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.resampled_metrics import METRICS

Values = dict[str, float]
"""Each score of :data:`METRICS`, 0 to 100; one that an estimator does not know is left out."""


@dataclass(frozen=True)
class Believed:
    """Predictions, and how likely every label is.

    Attributes:
        probabilities: Calibrated. Shape: (rows, labels).
        ranking: The model's own probabilities; they predict, and rank rows. Shape: (rows, labels).
        weights: How much each row counts; they sum to 1. Shape: (rows,).
        negative_id: Id of the label that means no relation, or None.
    """

    probabilities: NDArray[np.float64]
    ranking: NDArray[np.float64]
    weights: NDArray[np.float64]
    negative_id: int | None

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The best label of each row. Shape: (rows,)."""
        return np.asarray(self.ranking.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """How likely each prediction is right, from 0 to 1. Shape: (rows,)."""
        return np.asarray(self.probabilities[np.arange(len(self.predicted)), self.predicted])

    @property
    def is_relation(self) -> NDArray[np.bool_]:
        """Which rows are predicted to have a relation. Shape: (rows,)."""
        return np.asarray(self.predicted != self.negative_id)

    @property
    def relations(self) -> float:
        """Which share of the rows should have a relation, 0 to 1."""
        if self.negative_id is None:
            return 1.0
        return float(1 - self.weights @ self.probabilities[:, self.negative_id])


def expect_scores(believed: Believed, label_ids: NDArray[np.int64]) -> Values:
    """Return the scores to expect if every label is as likely as it is believed to be.

    Args:
        believed: Predictions and probabilities.
        label_ids: The labels that the AUPRC is the mean of.
    """
    is_relation, confidence = believed.is_relation, believed.confidence * believed.weights
    areas = [
        soft_area(believed.ranking[:, label], believed.probabilities[:, label], believed.weights)
        for label in label_ids
    ]
    values = (
        f1_of(confidence[is_relation].sum(), believed.weights[is_relation].sum(),
              believed.relations),
        PERCENT * float(np.mean(areas)),
        PERCENT * float(confidence.sum()),
    )  # fmt: skip
    return dict(zip(METRICS, values, strict=True))


def threshold_scores(
    known: LabelledScores, held_out: Believed, test: Believed, relations: float
) -> Values:
    """Return the average thresholded confidence (Garg et al. 2022).

    The threshold leaves as many weighed out-of-fold rows above it as are right; the share of test
    rows above it is their expected accuracy. The same among predicted relations is the precision,
    from which F1 follows where the share of relations is known. There is no such AUPRC.

    Args:
        known: Out-of-fold scores.
        held_out: What is believed of them.
        test: What is believed of the test rows.
        relations: Share of test rows with a relation, 0 to 1.
    """
    is_right = known.predicted == known.truth
    everywhere = np.ones(len(is_right), dtype=bool), np.ones(len(test.weights), dtype=bool)
    accuracy = _above_threshold(held_out, test, is_right, everywhere)
    among = held_out.is_relation, test.is_relation
    precision = _above_threshold(held_out, test, is_right, among)
    n_predicted = float(test.weights[test.is_relation].sum())
    return {
        "micro_f1": f1_of(precision * n_predicted, n_predicted, relations),
        "accuracy": PERCENT * accuracy,
    }


def _above_threshold(
    held_out: Believed,
    test: Believed,
    is_right: NDArray[np.bool_],
    among: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> float:
    known, asked = among
    weights, total = held_out.weights[known], test.weights[asked].sum()
    if not (weights.sum() > 0 and total > 0):
        return 0.0
    order = np.argsort(-held_out.confidence[known], kind="stable")
    wanted = weights @ is_right[known]
    place = int(np.searchsorted(weights[order].cumsum(), wanted))
    threshold = held_out.confidence[known][order[min(place, len(order) - 1)]]
    above = test.confidence[asked] >= threshold
    return float((test.weights[asked] @ above) / total)


def f1_of(found: float, predicted: float, true: float) -> float:
    """Return F1, 0 to 100, from shares of rows: right relations, predicted and true ones.

    >>> f1_of(0.3, 0.4, 0.6)
    60.0
    """
    total = predicted + true
    return PERCENT * 2 * float(found) / total if total > 0 else 0.0


def soft_area(
    ranking: NDArray[np.float64], probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    """Return the area under the precision-recall curve of a label that is only likely, 0 to 1.

    A row is positive to the degree that its label is likely; otherwise as scikit-learn's
    ``precision_recall_curve`` and ``auc`` do, with ties together.

    Args:
        ranking: What rows are sorted by. Shape: (rows,).
        probabilities: How likely each row has the label. Shape: (rows,).
        weights: How much each row counts. Shape: (rows,).
    """
    order = np.argsort(-ranking, kind="stable")
    ends = np.append(np.diff(ranking[order]) != 0, True)
    found = (weights * probabilities)[order].cumsum()[ends]
    taken = weights[order].cumsum()[ends]
    is_drawn = taken > 0
    if not (is_drawn.any() and found[-1] > 0):
        return 0.0
    precision = np.append(1.0, found[is_drawn] / taken[is_drawn])
    recall = np.append(0.0, found[is_drawn] / found[-1])
    return float(np.trapezoid(precision, recall))
