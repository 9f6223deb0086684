"""Closer numbers of rows per label: how many each should have, and synthetic vectors for rare ones.

Knows vectors and label ids alone; where the vectors come from is left to the caller.
"""

import logging
from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_SEEDS = 2**32
"""imbalanced-learn takes seeds below this."""


def rows_wanted(label_counts: Collection[int], target_share: float) -> int:
    """Return how many rows a share of the most frequent label's is, at least 1.

    >>> rows_wanted([900, 20, 3], 0.1)
    90

    Args:
        label_counts: Rows of each label, at least one label.
        target_share: From 0 to 1.
    """
    return max(1, round(target_share * max(label_counts)))


def legacy_seed(seed: int) -> int:
    """Return a seed in the range that imbalanced-learn takes; equal seeds give equal ones."""
    return int(np.random.default_rng(seed).integers(_SEEDS))


def counts_after_smote(label_counts: NDArray[np.integer], target_share: float) -> NDArray[np.int64]:
    """Return the rows per label that :func:`add_synthetic_rows` leaves.

    A label of a single row has no neighbour to interpolate with, and stays as it is.

    >>> counts_after_smote(np.array([40, 3, 1, 0, 12]), 0.25).tolist()
    [40, 10, 1, 0, 12]

    Args:
        label_counts: Rows of each label. Shape: (labels,).
        target_share: Rows that each label should have, as a share of the most frequent one's.

    Returns:
        Rows of each label. Shape: (labels,).
    """
    wanted = rows_wanted(label_counts.tolist(), target_share)
    grown = np.where(label_counts > 1, np.maximum(label_counts, wanted), label_counts)
    return grown.astype(np.int64)


def add_synthetic_rows(
    vectors: NDArray[np.float32],
    label_ids: NDArray[np.int64],
    neighbours: int,
    target_share: float,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Append synthetic vectors of rare labels.

    SMOTE (Chawla et al., "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 2002): each lies
    at a random place between a row and one of its nearest neighbours of the same label. A label
    with too few rows for ``neighbours`` uses all that it has, and one with a single row gets none;
    both are logged.

    Args:
        vectors: One vector per row. Shape: (rows, width).
        label_ids: Label of each row, from 0. Shape: (rows,).
        neighbours: How many of the nearest rows to choose from, at least 1.
        target_share: Rows that each label should have, as a share of the most frequent one's.
        seed: Seed of what is drawn.

    Returns:
        The vectors and labels given, then the synthetic ones.
    """
    counts = np.bincount(label_ids)
    wanted = counts_after_smote(counts, target_share)
    _log_small_labels(counts, neighbours, rows_wanted(counts.tolist(), target_share))
    parts = [(vectors, label_ids)]
    for usable, labels in _labels_by_neighbours(counts, wanted, neighbours):
        targets = {int(label): int(wanted[label]) for label in labels}
        parts.append(_interpolate(vectors, label_ids, usable, targets, seed))
    all_vectors, all_labels = zip(*parts, strict=True)
    return np.concatenate(all_vectors), np.concatenate(all_labels)


def _labels_by_neighbours(
    counts: NDArray[np.int64], wanted: NDArray[np.int64], neighbours: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Group the labels that need rows by the number of neighbours that they can use."""
    usable = np.minimum(neighbours, counts - 1)
    needy = wanted > counts
    for number in np.unique(usable[needy]):
        yield int(number), np.flatnonzero(needy & (usable == number))


def _interpolate(
    vectors: NDArray[np.float32],
    label_ids: NDArray[np.int64],
    neighbours: int,
    targets: dict[int, int],
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the synthetic rows alone that bring some labels to their wanted numbers of rows."""
    from imblearn.over_sampling import SMOTE

    sampler = SMOTE(
        sampling_strategy=targets, k_neighbors=neighbours, random_state=legacy_seed(seed)
    )
    grown, labels = sampler.fit_resample(vectors, label_ids)
    return grown[len(vectors) :], labels[len(vectors) :]


def _log_small_labels(counts: NDArray[np.int64], neighbours: int, wanted: int) -> None:
    rare = counts < wanted
    alone = int((rare & (counts == 1)).sum())
    few = int((rare & (counts > 1) & (counts <= neighbours)).sum())
    if alone or few:
        logger.warning(
            "SMOTE: %d labels have fewer rows than %d neighbours and use all they have; %d labels "
            "have a single row and get no synthetic ones",
            few,
            neighbours,
            alone,
        )
