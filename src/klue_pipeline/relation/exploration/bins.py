"""The bins in which lengths and distances are compared between the files: one definition for all.

Tables, report, log and the titles of the figures count in these; the outlines of histograms, which
only show the form, are drawn in finer steps.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

BIN_STARTS = {
    "characters": (0, 50, 100, 150, 200, 300),
    "tokens": (0, 32, 48, 64, 96, 128, 192, 256),
    "entity_distance": (0, 5, 10, 20, 40, 80),
    "subject_characters": (0, 3, 4, 5, 7, 10, 15),
    "object_characters": (0, 3, 4, 5, 7, 10, 15),
}
"""The first value of each bin, by measure; the last bin takes all larger values."""


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
