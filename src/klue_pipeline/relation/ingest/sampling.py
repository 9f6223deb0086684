"""A seeded part of the training rows in which every label keeps its share."""

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray

logger = logging.getLogger(__name__)


def sample_rows(sentences: pd.DataFrame, max_rows: int | None, seed: int) -> pd.DataFrame:
    """Draw at most ``max_rows`` rows label by label, and keep them in their order.

    Args:
        sentences: Labelled rows; schema ``Sentences``.
        max_rows: Rows to keep, 1 or more; None keeps all.
        seed: Seed of the draw; the same rows and seed give the same part.

    Returns:
        Rows of ``sentences`` with a fresh index. A label has its share of ``max_rows``, to the next
        whole row, but no label goes missing as long as there is a row for each.
    """
    if max_rows is None or len(sentences) <= max_rows:
        return sentences
    codes, names = pd.factorize(sentences["label"], sort=True)
    seats = share_seats(np.bincount(codes, minlength=len(names)), max_rows)
    generator = np.random.default_rng(seed)
    drawn = [
        generator.choice(np.flatnonzero(codes == code), size=n_seats, replace=False)
        for code, n_seats in enumerate(seats)
    ]
    logger.info(
        "Took a stratified part of %d of %d good training rows (ingest.max_rows); left out %d",
        max_rows, len(sentences), len(sentences) - max_rows,
    )  # fmt: skip
    return sentences.iloc[np.sort(np.concatenate(drawn))].reset_index(drop=True)


def share_seats(counts: NDArray[np.int64], n_seats: int) -> NDArray[np.int64]:
    """Share seats in proportion to ``counts`` by the method of largest remainders.

    A label left without a seat gets one from the label with the most, if there are seats for all.

    Args:
        counts: Rows of each label, all above 0. Shape: (labels,).
        n_seats: Seats to share, at most the sum of ``counts``.

    Returns:
        Seats of each label, together ``n_seats``, none above its count. Shape: (labels,).

    >>> share_seats(np.array([60, 30, 9, 1]), 10).tolist()
    [5, 3, 1, 1]
    """
    exact = counts * (n_seats / counts.sum())
    seats: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(seats - exact, kind="stable")
    seats[by_remainder[: n_seats - seats.sum()]] += 1
    if n_seats >= len(counts):
        for empty in np.flatnonzero(seats == 0):
            seats[seats.argmax()] -= 1
            seats[empty] = 1
    return seats
