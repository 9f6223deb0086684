"""Adversarial validation: can a classifier tell the training rows from the test rows, and by what?

A cross-validated AUC of 0.5 says that it cannot, so that rows held out of training stand for the
test rows; 1 says that it knows every one. Labels are not looked at. How a classifier guesses is in
``file_guesses``, what it sees of a row in ``adversarial_features``.
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
from klue_pipeline.relation.exploration.file_guesses import (
    NO_SPLIT,
    Mask,
    guess_files,
    join_files,
)
from klue_pipeline.relation.exploration.row_measures import TEST, TRAIN
from klue_pipeline.relation.settings.exploration_params import AdversarialParams

logger = logging.getLogger(__name__)

FEATURE_COLUMNS = (
    "feature", "kind", "direction", "train_mean", "test_mean", "coefficient", "contribution",
)  # fmt: skip
FEATURE_SETS = ("all", "text", "meta")
"""What the classifier may look at: everything, n-grams of the sentence only, or all the rest."""


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
    files = join_files(train, usable_rows(test), params)
    is_test = files.is_test
    report: dict[str, Any] = {
        "rows": {TRAIN: int((~is_test).sum()), TEST: int(is_test.sum())},
        "left_out": [],
    }
    if not files.parts:
        logger.warning("No adversarial validation: %s", NO_SPLIT)
        return Difference({**report, "auc": {}, "not_measured": NO_SPLIT}, _no_features())
    features = make_features(files.rows.merge(measures, on=["row_id", "split"]), is_test, params)
    stated = is_stated(files.rows, is_test)
    report["left_out"] = [name for name, both in stated.items() if not both]
    guesses = {name: guess_files(features.select(name), files, params) for name in FEATURE_SETS}
    report["auc"] = {name: _summarise(each.auc) for name, each in guesses.items()}
    report["not_measured"] = None
    coefficients = guesses["all"].coefficients
    table = _list_features(features, coefficients, is_test, params.listed_features)
    return Difference(report, table)


def _summarise(auc: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "mean": float(auc.mean()),
        "standard_deviation": float(auc.std(ddof=1)),
        "folds": auc.tolist(),
    }


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
