"""McNemar's test: whether two models err on different rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest


@dataclass(frozen=True)
class McNemar:
    """On how many rows two models differ in being right, and how likely that is by chance.

    Attributes:
        rows: Rows that both were judged on.
        first_only: Rows that only the first model is right on.
        second_only: Rows that only the second model is right on.
        p_value: Probability of a difference at least as large, in either direction, if both were
            equally often right; 1 where they differ on no row.
    """

    rows: int
    first_only: int
    second_only: int
    p_value: float


def mcnemar(correct_first: ArrayLike, correct_second: ArrayLike) -> McNemar:
    """Test whether two models are right equally often.

    The test is exact for any number of rows, so that no approximation has to be chosen: of the rows
    on which they differ, each model wins a half if they are equally good (binomial, two-sided).

    Args:
        correct_first: Which rows the first model is right on. Each row must be a piece of evidence
            of its own. Shape: (rows,).
        correct_second: The same of the second model, in the same order.

    Raises:
        ValueError: There is no row, or the two numbers of rows differ.

    >>> mcnemar([True] * 5 + [False], [False] * 5 + [True])
    McNemar(rows=6, first_only=5, second_only=1, p_value=0.21875)
    """
    first, second = np.asarray(correct_first, np.bool_), np.asarray(correct_second, np.bool_)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(
            f"Found outcomes of shapes {first.shape} and {second.shape}; one per row and model, "
            "and at least one row, were wanted."
        )
    first_only, second_only = int((first & ~second).sum()), int((second & ~first).sum())
    differing = first_only + second_only
    p_value = float(binomtest(first_only, differing).pvalue) if differing else 1.0
    return McNemar(len(first), first_only, second_only, p_value)
