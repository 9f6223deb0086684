"""Adversarial validation: can a classifier tell the training rows from the test rows, and by what?

A cross-validated AUC of 0.5 says that it cannot, so that rows held out of training stand for the
test rows; 1 says that it knows every one. Labels are not looked at. What a classifier sees of a row
is in ``adversarial_features``.
"""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.exploration.adversarial_features import (
    NGRAM,
    FeatureTable,
    is_stated,
    make_features,
)
from klue_pipeline.relation.exploration.comparison import usable_rows
from klue_pipeline.relation.exploration.row_measures import TEST, TRAIN
from klue_pipeline.relation.settings.exploration_params import AdversarialParams
from klue_pipeline.relation.splits.groups import connected_groups
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.folds import Positions, RowsToSplit, split_rows

logger = logging.getLogger(__name__)

FEATURE_COLUMNS = (
    "feature", "kind", "direction", "train_mean", "test_mean", "coefficient", "contribution",
)  # fmt: skip
FEATURE_SETS = ("all", "text", "meta")
"""What the classifier may look at: everything, n-grams of the sentence only, or all the rest."""

_MAX_ITERATIONS = 200
_NO_SPLIT = "rows of both files do not reach every fold; use fewer folds or more rows"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """How well the two files can be told apart.

    Attributes:
        report: Numbers for JSON: rows looked at, ``auc`` by feature set with its fold spread, what
            was left out, and ``not_measured``: why there is no AUC, or None.
        features: What gives the file away; columns :data:`FEATURE_COLUMNS`.
    """

    report: dict[str, Any]
    features: pd.DataFrame


def tell_files_apart(
    train: pd.DataFrame, test: pd.DataFrame, measures: pd.DataFrame, params: AdversarialParams
) -> Difference:
    """Cross-validate a logistic regression that tells test rows from training rows.

    Rows that share a sentence or an entity pair stay in one fold: otherwise the classifier would
    know a held-out row by its twin, and any two files would look different.

    Args:
        train: Training rows; schema ``Sentences``.
        test: Test rows; those with a ``problem`` are left out.
        measures: Numbers about every row, as
            :func:`~klue_pipeline.relation.exploration.row_measures.measure_splits` returns them.
        params: Rows, folds and features to use.
    """
    rows = _join(train, usable_rows(test), params)
    is_test = (rows["split"] == TEST).to_numpy()
    report: dict[str, Any] = {
        "rows": {TRAIN: int((~is_test).sum()), TEST: int(is_test.sum())},
        "left_out": [],
    }
    parts = _split(rows, is_test, params)
    if parts is None:
        logger.warning("No adversarial validation: %s", _NO_SPLIT)
        return Difference({**report, "auc": {}, "not_measured": _NO_SPLIT}, _no_features())
    features = make_features(rows.merge(measures, on=["row_id", "split"]), is_test, params)
    report["left_out"] = [name for name, stated in is_stated(rows, is_test).items() if not stated]
    results = {
        name: _cross_validate(features.select(name), is_test, parts, params)
        for name in FEATURE_SETS
    }
    report["auc"] = {name: _summarise(auc) for name, (auc, _) in results.items()}
    report["not_measured"] = None
    _, coefficients = results["all"]
    table = _list_features(features, coefficients, is_test, params.listed_features)
    return Difference(report, table)


def _join(train: pd.DataFrame, test: pd.DataFrame, params: AdversarialParams) -> pd.DataFrame:
    parts = {TRAIN: train, TEST: test}
    drawn = [_draw(rows, params).assign(split=split) for split, rows in parts.items()]
    return pd.concat(drawn, ignore_index=True)


def _draw(rows: pd.DataFrame, params: AdversarialParams) -> pd.DataFrame:
    if params.max_rows is None or len(rows) <= params.max_rows:
        return rows
    chosen = np.random.default_rng(params.seed).choice(len(rows), params.max_rows, replace=False)
    return rows.iloc[np.sort(chosen)]


def _split(rows: pd.DataFrame, is_test: Mask, params: AdversarialParams) -> list[Positions] | None:
    """Draw folds with rows of both files inside and outside; None where that cannot be."""
    groups = connected_groups(rows)
    if min(len(np.unique(groups[side])) for side in (is_test, ~is_test)) < params.n_splits:
        return None
    folds = FoldsParams(
        strategy="stratified_group", n_splits=params.n_splits, seed=params.seed,
        validation_share=0.5,
    )  # fmt: skip
    parts = split_rows(RowsToSplit(rows["split"].to_numpy(dtype=object), groups), folds)
    both = all(is_test[part].any() and not is_test[part].all() for part in parts)
    return parts if both else None


def _cross_validate(
    features: FeatureTable, is_test: Mask, parts: list[Positions], params: AdversarialParams
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the AUC of each fold's held-out rows, and the mean coefficients of the features."""
    from sklearn.metrics import roc_auc_score

    auc, coefficients = [], []
    for held_out in parts:
        fitted_on = np.setdiff1d(np.arange(len(is_test)), held_out)
        model = _fit(features.weights[fitted_on], is_test[fitted_on], params)
        scores = model.decision_function(features.weights[held_out])
        auc.append(roc_auc_score(is_test[held_out], scores))
        coefficients.append(model.coef_[0])
    return np.array(auc), np.mean(coefficients, axis=0)


def _summarise(auc: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "mean": float(auc.mean()),
        "standard_deviation": float(auc.std(ddof=1)),
        "folds": auc.tolist(),
    }


def _fit(weights: Any, is_test: Mask, params: AdversarialParams) -> Any:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    model = LogisticRegression(
        C=params.inverse_regularisation, class_weight="balanced", max_iter=_MAX_ITERATIONS, tol=1e-3
    )
    # Its steps are too short to share: on a busy machine, several threads take five times as long.
    with threadpool_limits(limits=1):
        return model.fit(weights, is_test)


def _list_features(
    features: FeatureTable, coefficients: NDArray[np.float64], is_test: Mask, n_listed: int
) -> pd.DataFrame:
    """List the features that move the two files' mean scores furthest apart.

    ``contribution`` is the coefficient times the difference of the feature's means: how much of the
    distance between the files' mean scores, in log-odds, is the feature's. ``train_mean`` and
    ``test_mean`` are the share of rows with an n-gram or a value, or the mean of a number.
    """
    difference = features.weights[is_test].mean(axis=0) - features.weights[~is_test].mean(axis=0)
    contribution = coefficients * np.asarray(difference).ravel()
    best = _best(contribution, features, n_listed)
    train_mean, test_mean = (features.readable_means(side, best) for side in (~is_test, is_test))
    return pd.DataFrame(
        {
            "feature": [features.names[place] for place in best],
            "kind": [features.kinds[place] for place in best],
            "direction": np.where(test_mean > train_mean, TEST, TRAIN),
            "train_mean": train_mean,
            "test_mean": test_mean,
            "coefficient": coefficients[best],
            "contribution": contribution[best],
        }
    )


def _best(
    contribution: NDArray[np.float64], features: FeatureTable, n_listed: int
) -> NDArray[np.int64]:
    """Choose features that widen the gap: n-grams, and as many others; largest first.

    Of n-grams that are part of each other, only the one that contributes most is listed.
    """
    ngrams: list[int] = []
    others: list[int] = []
    for place in np.argsort(-contribution, kind="stable").tolist():
        if contribution[place] <= 0 or min(len(ngrams), len(others)) >= n_listed:
            break
        is_ngram = features.kinds[place] == NGRAM
        listed = ngrams if is_ngram else others
        if len(listed) < n_listed and not (is_ngram and _overlaps(place, ngrams, features.names)):
            listed.append(place)
    return np.array(others + ngrams, dtype=np.int64)


def _overlaps(place: int, listed: list[int], names: list[str]) -> bool:
    name = names[place]
    return any(name in names[other] or names[other] in name for other in listed)


def _no_features() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in FEATURE_COLUMNS})
