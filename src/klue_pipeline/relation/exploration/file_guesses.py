"""Guessing of every row whether it stands in the training file or in the test file.

The guesses of a row come from a classifier that did not see it. How often they are right says how
far the files are apart; how sure they are of a row says how much rarer its like is in training than
in the test.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.exploration.adversarial_features import FeatureTable
from klue_pipeline.relation.exploration.row_measures import TEST, TRAIN
from klue_pipeline.relation.settings.exploration_params import AdversarialParams
from klue_pipeline.relation.splits.groups import connected_groups
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.folds import Positions, RowsToSplit, split_rows

_MAX_ITERATIONS = 200
NO_SPLIT = "rows of both files do not reach every fold; use fewer folds or more rows"
"""Why nothing is guessed where :class:`TwoFiles` has no parts."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class TwoFiles:
    """The rows of both files, and how they are divided to be guessed.

    Attributes:
        rows: Training rows, then test rows; ``split`` says which.
        is_test: Which rows are test rows. Shape: (rows,).
        parts: The positions that each fold holds out; empty where rows of both files do not reach
            every fold.
    """

    rows: pd.DataFrame
    is_test: Mask
    parts: list[Positions]


@dataclass(frozen=True)
class Guesses:
    """What classifiers say of rows that they did not see.

    Attributes:
        log_odds: How likely a row is a test row, if the files were of one size. Shape: (rows,).
        auc: Of each fold's held-out rows, 0 to 1. Shape: (folds,).
        coefficients: Mean weight of each feature. Shape: (features,).
    """

    log_odds: NDArray[np.float64]
    auc: NDArray[np.float64]
    coefficients: NDArray[np.float64]


def join_files(train: pd.DataFrame, test: pd.DataFrame, params: AdversarialParams) -> TwoFiles:
    """Draw rows of both files, and divide them into folds.

    Rows that share a sentence or an entity pair stay in one fold: otherwise the classifier would
    know a held-out row by its twin, and any two files would look different.
    """
    parts = {TRAIN: train, TEST: test}
    drawn = [_draw(rows, params).assign(split=split) for split, rows in parts.items()]
    rows = pd.concat(drawn, ignore_index=True)
    is_test = (rows["split"] == TEST).to_numpy()
    return TwoFiles(rows, is_test, _split(rows, is_test, params))


def _draw(rows: pd.DataFrame, params: AdversarialParams) -> pd.DataFrame:
    if params.max_rows is None or len(rows) <= params.max_rows:
        return rows
    chosen = np.random.default_rng(params.seed).choice(len(rows), params.max_rows, replace=False)
    return rows.iloc[np.sort(chosen)]


def _split(rows: pd.DataFrame, is_test: Mask, params: AdversarialParams) -> list[Positions]:
    """Draw folds with rows of both files inside and outside; none where that cannot be."""
    groups = connected_groups(rows)
    if min(len(np.unique(groups[side])) for side in (is_test, ~is_test)) < params.n_splits:
        return []
    folds = FoldsParams(
        strategy="stratified_group", n_splits=params.n_splits, seed=params.seed,
        validation_share=0.5,
    )  # fmt: skip
    parts = split_rows(RowsToSplit(rows["split"].to_numpy(dtype=object), groups), folds)
    both = all(is_test[part].any() and not is_test[part].all() for part in parts)
    return parts if both else []


def guess_files(features: FeatureTable, files: TwoFiles, params: AdversarialParams) -> Guesses:
    """Fit a logistic regression outside of each fold, and let it guess the fold's rows.

    Args:
        features: Of all rows, in their order.
        files: The rows, and folds to guess them by; there are some.
        params: How closely a classifier fits.
    """
    from sklearn.metrics import roc_auc_score

    is_test = files.is_test
    log_odds, auc, coefficients = np.empty(len(is_test)), [], []
    for held_out in files.parts:
        fitted_on = np.setdiff1d(np.arange(len(is_test)), held_out)
        model = _fit(features.weights[fitted_on], is_test[fitted_on], params)
        log_odds[held_out] = model.decision_function(features.weights[held_out])
        auc.append(roc_auc_score(is_test[held_out], log_odds[held_out]))
        coefficients.append(model.coef_[0])
    return Guesses(log_odds, np.array(auc), np.mean(coefficients, axis=0))


def _fit(weights: Any, is_test: Mask, params: AdversarialParams) -> Any:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    model = LogisticRegression(
        C=params.inverse_regularisation, class_weight="balanced", max_iter=_MAX_ITERATIONS, tol=1e-3
    )
    # Its steps are too short to share: on a busy machine, several threads take five times as long.
    with threadpool_limits(limits=1):
        return model.fit(weights, is_test)
