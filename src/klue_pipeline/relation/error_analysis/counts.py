"""Counts of labels, written as a person reads them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def write_counts(counts: NDArray[np.int64], names: Sequence[str]) -> pd.Series:
    """Write each row of counts as labels with their number, the most frequent first.

    Equal rows are written only once, so that this is quick for tables of any length.

    Args:
        counts: How often each label occurs, per row. Shape: (rows, labels).
        names: The labels.

    Returns:
        One text per row; missing where nothing was counted. Shape: (rows,).

    >>> write_counts(np.array([[1, 2], [0, 0], [3, 0]]), ["per:title", "no_relation"]).tolist()
    ['no_relation (2), per:title (1)', nan, 'per:title (3)']
    """
    patterns, pattern_of_row = np.unique(counts, axis=0, return_inverse=True)
    texts = np.array([_write(pattern, names) for pattern in patterns], dtype=object)
    return pd.Series(texts[pattern_of_row.ravel()], dtype="str")


def _write(counts: NDArray[np.int64], names: Sequence[str]) -> str | None:
    order = np.argsort(-counts, kind="stable")
    found = [f"{names[place]} ({counts[place]})" for place in order if counts[place]]
    return ", ".join(found) or None
