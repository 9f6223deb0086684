"""Two sets of rows side by side: which share of each has which value, and how far apart they are.

What is compared is up to the modules beside this one.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from klue_pipeline.relation.ingest.sentence_table import NO_TYPE

NOT_GIVEN = "(none)"
"""Stands for a value that a file does not state."""


def usable_rows(test_sentences: pd.DataFrame) -> pd.DataFrame:
    """Leave out the test rows with a ``problem``, which hold neutral text in place of their own."""
    if "problem" not in test_sentences:
        return test_sentences
    return test_sentences[test_sentences["problem"].isna()].reset_index(drop=True)


def name_missing(values: pd.Series) -> pd.Series:
    """Return texts in which a missing value, or no entity type, is called :data:`NOT_GIVEN`."""
    texts = values.astype("object")
    return texts.where(texts.notna() & (texts != NO_TYPE), NOT_GIVEN).astype("str")


def compare_shares(train: pd.Series, test: pd.Series) -> pd.DataFrame:
    """Count how often each value occurs in the training and in the test rows.

    Args:
        train: One value per training row.
        test: One value per test row; may be empty.

    Returns:
        One row per value, the most frequent in training first (in the order of the categories, if
        the values have one): ``value``, ``train_rows``,
        ``test_rows``, ``train_share`` and ``test_share`` (from 0 to 1; NaN without any rows).
    """
    sides = {"train_rows": train, "test_rows": test}
    counts = pd.DataFrame({name: own.value_counts(sort=False) for name, own in sides.items()})
    table = counts.fillna(0).astype("int64").rename_axis("value").reset_index()
    table["train_share"] = table["train_rows"] / (len(train) or math.nan)
    table["test_share"] = table["test_rows"] / (len(test) or math.nan)
    if not isinstance(train.dtype, pd.CategoricalDtype):
        order = ["train_rows", "test_rows", "value"]
        table = table.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return table.astype({"value": "str"})


@dataclass(frozen=True)
class Distance:
    """How far two distributions over the same values are apart.

    Attributes:
        total_variation: Half the sum of the differences in share. 0 for the same shares, 1 for no
            value in common; 0.2 means that every fifth row would have to change its value.
        by_chance: What two samples of the same sizes from one distribution have on average; a
            distance near it says nothing.
    """

    total_variation: float
    by_chance: float


def measure_distance(
    train_share: pd.Series, test_share: pd.Series, n_train: int, n_test: int
) -> Distance | None:
    """Compare two distributions over the same values; None where one side has no rows.

    ``by_chance`` is the mean of the absolute difference of two shares, by the normal approximation,
    summed over the values: half of the sum of sqrt(2/π · p(1 - p)(1/n + 1/m)).

    >>> shares = pd.Series([0.5, 0.5, 0.0]), pd.Series([0.3, 0.5, 0.2])
    >>> measure_distance(*shares, n_train=1000, n_test=1000)
    Distance(total_variation=0.2, by_chance=0.023)
    """
    if not (n_train and n_test):
        return None
    pooled = (train_share * n_train + test_share * n_test) / (n_train + n_test)
    variance = pooled * (1 - pooled) * (1 / n_train + 1 / n_test)
    chance = float(np.sqrt(2 / np.pi * variance.clip(lower=0)).sum() / 2)
    distance = float((train_share - test_share).abs().sum() / 2)
    return Distance(round(distance, 9), round(chance, 3))
