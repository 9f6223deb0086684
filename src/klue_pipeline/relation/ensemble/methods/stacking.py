"""Multinomial logistic regression over everything that all members say (Wolpert 1992).

Rows are never re-weighted to the target here, whatever the objective: a classifier fitted on the
target's prior would predict for it, and predictions corrected for a prior were measured to lose.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    LogProbabilities,
    Objective,
    Probabilities,
    TuningRows,
)
from klue_pipeline.relation.settings.params import EnsembleParams

_LEAST_LOG_PROBABILITY = -20.0
"""A label that a member rules out enters as this: its true logarithm would drown all others."""

_SCALE = 5.0
"""Brings log-probabilities to the size that the penalty is meant for."""

_MAX_ITERATIONS = 100
_LEAST_PROBABILITY = 1e-9


def stack(rows: TuningRows, objective: Objective, params: EnsembleParams) -> Blend:  # noqa: ARG001
    """Fit one classifier on the members' log-probabilities."""
    n_labels = rows.log_probabilities.shape[2]
    if len(np.unique(rows.gold_ids)) == 1:  # nothing to tell apart
        return Blend(
            lambda members: _spread(np.ones((members.shape[1], 1)), rows.gold_ids[:1], n_labels)
        )
    classifier = _fit(rows, params)
    return Blend(
        lambda members: _spread(
            classifier.predict_proba(_side_by_side(members)), classifier.classes_, n_labels
        )
    )


def _fit(rows: TuningRows, params: EnsembleParams) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(C=params.stacking_strength, max_iter=_MAX_ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        # Stopping early is a second, mild penalty; the nested score judges the result as it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(_side_by_side(rows.log_probabilities), rows.gold_ids)


def _side_by_side(members: LogProbabilities) -> NDArray[np.float32]:
    """Put what the members say into one row. Shape: (rows, members * labels)."""
    bounded = np.maximum(members, _LEAST_LOG_PROBABILITY) / np.float32(_SCALE)
    return np.concatenate(list(bounded), axis=1)


def _spread(
    probabilities: NDArray[np.floating], label_ids: NDArray[np.int64], n_labels: int
) -> Probabilities:
    """Give labels that no tuning row has next to no probability. Shape: (rows, labels)."""
    spread = np.full((len(probabilities), n_labels), _LEAST_PROBABILITY)
    spread[:, label_ids] += probabilities
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))
