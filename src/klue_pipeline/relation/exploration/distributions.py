"""Which labels, sources, entity types and places the training rows have, and which the test rows.

Labels of test rows are never looked at: their shares can only be estimated from a model's scores.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.exploration.comparison import (
    NOT_GIVEN,
    Distance,
    bin_numbers,
    compare_shares,
    measure_distance,
    name_missing,
    usable_rows,
)
from klue_pipeline.relation.exploration.row_measures import TEST, TRAIN, measure_rows

logger = logging.getLogger(__name__)


def tabulate_label_shares(
    train: pd.DataFrame, test: pd.DataFrame, labels: LabelSet, earlier: ScoreTable | None
) -> pd.DataFrame:
    """Count the labels of the training rows, and estimate their shares in the test rows.

    Args:
        train: Training rows; schema ``Sentences``.
        test: Test rows; schema ``TestSentences``.
        labels: The label set.
        earlier: Test scores of an earlier run, if there are any.

    Returns:
        One row per label in label order: ``label``, ``train_rows``, ``train_share`` and
        ``estimated_test_share``, as :func:`estimate_label_shares` has it; NaN without scores.
    """
    rows = train["label"].value_counts().reindex(labels.names, fill_value=0)
    estimate = estimate_label_shares(earlier, test, labels)
    return pd.DataFrame(
        {
            "label": labels.names,
            "train_rows": rows.to_numpy(dtype=np.int64),
            "train_share": rows.to_numpy() / max(len(train), 1),
            "estimated_test_share": np.full(len(rows), np.nan) if estimate is None else estimate,
        }
    )


def estimate_label_shares(
    scores: ScoreTable | None, test: pd.DataFrame, labels: LabelSet
) -> np.ndarray | None:
    """Return the mean probability of each label over the usable test rows.

    An estimate, and one that leans: a model that is unsure falls back on the label shares of
    training, and a weak one, or one trained with balanced weights, on even shares.

    Args:
        scores: Test scores of an earlier run, or None.
        test: Test rows; those with a ``problem`` are left out.
        labels: The label set.

    Returns:
        Shares that sum to 1, in label order. Shape: (labels,). None, with the reason in the log,
        without scores for these labels and all of these rows.
    """
    if scores is None:
        return None
    row_ids = usable_rows(test)["row_id"].tolist()
    if list(scores.labels) != labels.names:
        logger.warning(
            "No label shares are estimated for the test rows: the earlier scores are for %d labels "
            "%s, the label set has %d. Name an experiment with target.name all.",
            len(scores.labels), list(scores.labels)[:3], len(labels.names),
        )  # fmt: skip
        return None
    if not row_ids or not set(row_ids) <= set(scores.row_ids):
        logger.warning(
            "No label shares are estimated for the test rows: the earlier scores do not cover all "
            "%d usable test rows. Predict the test file again.",
            len(row_ids),
        )
        return None
    return np.asarray(scores.in_order_of(row_ids).probabilities.mean(axis=0))


Values = Callable[[pd.DataFrame], pd.Series]


def _column(name: str) -> Values:
    return lambda rows: name_missing(rows[name])


def _type_pairs(rows: pd.DataFrame) -> pd.Series:
    pairs = name_missing(rows["subject_type"]) + ":" + name_missing(rows["object_type"])
    return pairs.replace(f"{NOT_GIVEN}:{NOT_GIVEN}", NOT_GIVEN)


def _order(rows: pd.DataFrame) -> pd.Series:
    return measure_rows(rows)["subject_first"].map({True: "subject first", False: "object first"})


def _binned(measure: str) -> Values:
    return lambda rows: bin_numbers(measure_rows(rows)[measure], measure)


FEATURES: dict[str, Values] = {
    "source": _column("source"),
    "subject_type": _column("subject_type"),
    "object_type": _column("object_type"),
    "type_pair": _type_pairs,
    "entity_order": _order,
    "entity_distance": _binned("entity_distance"),
    "subject_characters": _binned("subject_characters"),
    "object_characters": _binned("object_characters"),
    "characters": _binned("characters"),
}
"""What is compared between the files: the value of each row, by the feature's name. Distances and
lengths are in characters, in the bins of :data:`~.comparison.BIN_STARTS`."""


def tabulate_shares(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Compare the values of every feature in the training and in the usable test rows.

    Returns:
        The tables of :func:`~klue_pipeline.relation.exploration.comparison.compare_shares`, one
        under the other, each row with the name of its ``feature`` in front.
    """
    usable = usable_rows(test)
    tables = []
    for feature, values in FEATURES.items():
        table = compare_shares(values(train), values(usable))
        table.insert(0, "feature", feature)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def summarise_shares(shares: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Say for every feature how far the files are apart.

    Args:
        shares: As :func:`tabulate_shares` returns it.

    Returns:
        By feature: ``total_variation_distance`` (from 0 to 1), ``distance_by_chance``, which two
        parts of one file would have, both None where a file says nothing; and the values
        ``only_in_train`` and ``only_in_test``.
    """
    return {
        str(feature): _summarise_feature(table)
        for feature, table in shares.groupby("feature", sort=False)
    }


def _summarise_feature(table: pd.DataFrame) -> dict[str, Any]:
    return {
        **report_distance(distance_of(table)),
        "only_in_train": table.loc[table["test_rows"] == 0, "value"].tolist(),
        "only_in_test": table.loc[table["train_rows"] == 0, "value"].tolist(),
    }


def report_distance(distance: Distance | None) -> dict[str, float | None]:
    """Write a distance for JSON; None where there is nothing to compare."""
    return {
        "total_variation_distance": None if distance is None else distance.total_variation,
        "distance_by_chance": None if distance is None else distance.by_chance,
    }


def distance_of(table: pd.DataFrame) -> Distance | None:
    """Compare the shares of one feature; None where a file never states it."""
    given = table[table["value"] != NOT_GIVEN]
    if not (given["train_rows"].sum() and given["test_rows"].sum()):
        return None
    n_train, n_test = int(table["train_rows"].sum()), int(table["test_rows"].sum())
    return measure_distance(table["train_share"], table["test_share"], n_train, n_test)


def measure_number(rows: pd.DataFrame, measure: str) -> Distance | None:
    """Say how far the files are apart in a length or a distance; None where one has no rows.

    The same number as :func:`summarise_shares` has for the feature of this name: both count in the
    bins of :data:`~.comparison.BIN_STARTS`.

    Args:
        rows: As :func:`~.row_measures.measure_splits` returns it.
        measure: One of its columns that has bins.
    """
    train, test = (
        bin_numbers(rows.loc[rows["split"] == split, measure], measure) for split in (TRAIN, TEST)
    )
    return distance_of(compare_shares(train, test))


def tabulate_type_pairs(train: pd.DataFrame, labels: LabelSet) -> pd.DataFrame:
    """Count the training rows of each label with each pair of subject and object type.

    Returns:
        One row per label in label order: ``label``, ``rows`` and one column of counts per type
        pair, the most frequent first.
    """
    pairs = _type_pairs(train)
    counts = pd.crosstab(train["label"].to_numpy(), pairs.to_numpy())
    counts = counts.reindex(labels.names, fill_value=0)[pairs.value_counts().index]
    counts.insert(0, "rows", counts.sum(axis=1))
    return counts.rename_axis(index="label", columns=None).reset_index()
