"""What it brings to answer only where a model is sure: accuracy against the share of answers given.

Risk-coverage curves: El-Yaniv & Wiener (2010), On the Foundations of Noise-free Selective
Classification, JMLR; the area under one: Geifman, Uziel & El-Yaniv (2019), ICLR. Here the curve is
of what is right, so that higher is better.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from klue_pipeline.evaluation.intervals import PERCENT


def trace_coverage(confidence: ArrayLike, outcomes: ArrayLike) -> pd.DataFrame:
    """Answer the surest question first, then one more after the other.

    Args:
        confidence: How sure the model is of each answer; any numbers. Shape: (rows,).
        outcomes: How right the answer is, 0 to 1. Shape: (rows,).

    Returns:
        One row for each confidence that occurs, the highest first: ``threshold`` (the confidence),
        ``rows`` (how many are at least as sure), ``coverage`` (their share) and ``accuracy`` (their
        mean outcome), both 0 to 100.

    Raises:
        ValueError: There is no row, the numbers of rows differ, or a confidence is missing.

    >>> trace_coverage([0.9, 0.2, 0.9, 0.5], [1, 0, 0, 1])[["rows", "accuracy"]].to_numpy().tolist()
    [[2.0, 50.0], [3.0, 66.66666666666667], [4.0, 50.0]]
    """
    sure, right = _read(confidence, outcomes)
    order = np.argsort(-sure, kind="stable")
    ends = np.flatnonzero(np.diff(sure[order], append=-np.inf))
    counts = ends + 1
    return pd.DataFrame(
        {
            "threshold": sure[order][ends],
            "rows": counts,
            "coverage": PERCENT * counts / len(sure),
            "accuracy": PERCENT * np.cumsum(right[order])[ends] / counts,
        }
    )


def area_under_coverage(curve: pd.DataFrame) -> float:
    """Return the mean accuracy over all numbers of answers given, 0 to 100.

    Of equally sure answers any may be given first; what is expected of them counts, so that the
    order of rows changes nothing.

    Args:
        curve: That of :func:`trace_coverage`.

    >>> area_under_coverage(trace_coverage([0.5, 0.5], [1, 0]))
    50.0
    """
    ends = curve["rows"].to_numpy(np.float64)
    counts = np.arange(1, int(ends[-1]) + 1)
    hits = np.interp(counts, np.append(0, ends), np.append(0, curve["accuracy"] * ends))
    return float((hits / counts).mean())


def _read(
    confidence: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sure, right = np.asarray(confidence, np.float64), np.asarray(outcomes, np.float64)
    if sure.shape != right.shape or sure.ndim != 1 or not len(sure):
        raise ValueError(
            f"Found confidences and outcomes of shapes {sure.shape} and {right.shape}; one of each "
            "for every row, and at least one row, were wanted."
        )
    if np.isnan(sure).any():
        raise ValueError(f"{int(np.isnan(sure).sum())} of {len(sure)} confidences are missing.")
    return sure, right
