"""The bootstrap as one would write it first: take the rows of a draw, ask scikit-learn, repeat."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, auc, f1_score, precision_recall_curve

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.scores import ScoreTable

LabelIds = NDArray[np.int64]


def score_draws(
    scores: ScoreTable, gold_ids: LabelIds, negative_id: int, drawn: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    """Judge each draw of rows by scikit-learn.

    Args:
        scores: The model's.
        gold_ids: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation.
        drawn: How often each draw has each row. Shape: (rows, draws).

    Returns:
        ``micro_f1``, ``auprc`` and ``accuracy``, 0 to 100. Shape of each: (draws,).
    """
    probabilities, predicted = scores.probabilities, scores.logits.argmax(axis=1)
    relations = np.delete(np.arange(len(scores.labels)), negative_id)
    judged = []
    for counts in drawn.T:
        rows = np.repeat(np.arange(len(gold_ids)), counts.astype(np.int64))
        gold, labels = gold_ids[rows], predicted[rows]
        f1 = f1_score(gold, labels, labels=relations, average="micro", zero_division=0)
        judged.append((f1, _mean_area(gold, probabilities[rows]), accuracy_score(gold, labels)))
    columns = PERCENT * np.array(judged).T
    return dict(zip(("micro_f1", "auprc", "accuracy"), columns, strict=True))


def _mean_area(gold: LabelIds, probabilities: NDArray[np.float64]) -> float:
    areas = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for label_id in np.unique(gold):
            curve = precision_recall_curve(gold == label_id, probabilities[:, label_id])
            areas.append(auc(curve[1], curve[0]))
    return float(np.mean(areas))
