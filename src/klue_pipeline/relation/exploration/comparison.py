"""Two sets of rows side by side: which share of each has which value, and how far apart they are.

What is compared is up to the modules beside this one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from klue_pipeline.relation.cleaning.interface import is_readable
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE

NOT_GIVEN = "(none)"
"""Stands for a value that a file does not state."""


BIN_STARTS = {
    "characters": (0, 50, 100, 150, 200, 300),
    "tokens": (0, 32, 48, 64, 96, 128, 192, 256),
    "entity_distance": (0, 5, 10, 20, 40, 80),
    "subject_characters": (0, 3, 4, 5, 7, 10, 15),
    "object_characters": (0, 3, 4, 5, 7, 10, 15),
}
"""The first value of each bin, by measure; the last bin takes all larger values.

Tables, report, log and the titles of figures count in these bins; the outlines of histograms are
drawn in finer steps."""


def usable_rows(test_sentences: pd.DataFrame) -> pd.DataFrame:
    """Leave out the test rows with a ``problem``, which hold neutral text in place of their own."""
    return test_sentences[is_readable(test_sentences)].reset_index(drop=True)


def name_missing(values: pd.Series) -> pd.Series:
    """Return texts in which a missing value, or no entity type, is called :data:`NOT_GIVEN`."""
    texts = values.astype("object")
    return texts.where(texts.notna() & (texts != NO_TYPE), NOT_GIVEN).astype("str")


def bin_numbers(numbers: Iterable[int], measure: str) -> pd.Series:
    """Name the bin of each number; the values are ordered categories, all of :func:`name_bins`.

    >>> bin_numbers([4, 5, 400], "entity_distance").tolist()
    ['0 to 4', '5 to 9', '80 or more']
    """
    places = np.digitize(np.asarray(numbers), BIN_STARTS[measure][1:])
    names = pd.Index(name_bins(measure))
    return pd.Series(pd.Categorical.from_codes(places, names, ordered=True))


def name_bins(measure: str) -> list[str]:
    """Name the bins of a measure, lowest first.

    >>> name_bins("subject_characters")
    ['0 to 2', '3', '4', '5 to 6', '7 to 9', '10 to 14', '15 or more']
    """
    starts = BIN_STARTS[measure]
    names = [
        str(low) if high - low == 1 else f"{low} to {high - 1}" for low, high in pairwise(starts)
    ]
    return [*names, f"{starts[-1]} or more"]


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
    counts = pd.DataFrame({name: side.value_counts(sort=False) for name, side in sides.items()})
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
