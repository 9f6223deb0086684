"""Copies of rows with rare labels.

How often each row is copied is decided once over all rows of the task, so that it depends neither
on chunks nor on folds. A fold's training part gets the copies of its own rows: as folds are
stratified, its labels come about as close together as those of the whole.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.settings.augment_params import OversampleParams
from klue_pipeline.training.splitting.resampling import legacy_seed, rows_wanted

logger = logging.getLogger(__name__)


def build_oversample(params: OversampleParams, context: AugmentContext) -> Augment:
    """Plan the copies of every row; the returned function makes those of the rows it is given.

    Labels with fewer than ``target_share`` of the most frequent label's rows are brought up to it,
    as far as ``max_copies`` of one row allow. Rows that the method does not start from (by
    ``select`` or ``share``) are counted but not copied, so that their label stays below.

    Args:
        params: The number of rows wanted, and the most copies of one row.
        context: All rows of the task, and the seed.
    """
    copies = _plan(params, context)

    def augment(chunk: Sequence[Example]) -> Iterator[Example]:
        for example in chunk:
            yield from repeat(example, copies.get(example.row_id, 0))

    return augment


def _plan(params: OversampleParams, context: AugmentContext) -> dict[str, int]:
    # An order drawn by row id, so that the table's order decides nothing.
    rows = sorted(context.originals, key=lambda row: (context.priority(row.row_id), row.row_id))
    counts = Counter(row.label for row in rows)
    targets = _targets(counts, params)
    if not targets:
        return {}
    labels = np.array([row.label for row in rows])
    copies = _draw_copies(labels, targets, context.seed)
    for label in targets:
        places = np.flatnonzero(labels == label)
        copies[places] = spread_surplus(copies[places], params.max_copies)
    return {row.row_id: int(number) for row, number in zip(rows, copies, strict=True) if number}


def _targets(counts: Counter[str], params: OversampleParams) -> dict[str, int]:
    """Return the number of rows to reach for each label that has too few."""
    if not counts:
        return {}
    wanted = rows_wanted(counts.values(), params.target_share)
    most = {label: rows * (1 + params.max_copies) for label, rows in counts.items()}
    capped = sum(rows < wanted for rows in most.values())
    if capped:
        logger.info(
            "oversample: %d labels stay below %d rows, because no row is copied more than %d times",
            capped,
            wanted,
            params.max_copies,
        )
    return {label: min(wanted, most[label]) for label, rows in counts.items() if rows < wanted}


def _draw_copies(labels: NDArray[np.str_], targets: dict[str, int], seed: int) -> NDArray[np.int64]:
    """Draw how often each row is copied. Shape: (rows,)."""
    from imblearn.over_sampling import RandomOverSampler

    sampler = RandomOverSampler(sampling_strategy=targets, random_state=legacy_seed(seed))
    places = np.arange(len(labels)).reshape(-1, 1)
    sampler.fit_resample(places, labels)
    # The sample holds every row itself, too.
    return np.bincount(sampler.sample_indices_, minlength=len(labels)).astype(np.int64) - 1


def spread_surplus(copies: NDArray[np.int64], max_copies: int) -> NDArray[np.int64]:
    """Hand copies beyond the most of one row to the rows that have fewest.

    >>> spread_surplus(np.array([4, 0, 1, 0]), 2).tolist()
    [2, 1, 1, 1]

    Args:
        copies: Copies of each row; at most ``max_copies`` on average. Shape: (rows,).
        max_copies: Most copies of one row.

    Returns:
        As many copies, none above ``max_copies``. Shape: (rows,).

    Raises:
        ValueError: There are more copies than all rows may have.
    """
    surplus = int((copies - max_copies).clip(min=0).sum())
    spread = copies.clip(max=max_copies)
    if surplus > (max_copies - spread).sum():
        raise ValueError(
            f"{len(copies)} rows with at most {max_copies} copies each cannot have "
            f"{copies.sum()} copies; ask for fewer."
        )
    while surplus:
        poorest = np.flatnonzero(spread == spread.min())[:surplus]
        spread[poorest] += 1
        surplus -= len(poorest)
    return spread
