"""Rows of frequent labels that shall not train.

Nothing is taken out: such rows stay in the table with weight 0 and go on validating, so that
scores stay comparable with those of other experiments.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.settings.augment_params import UndersampleParams
from klue_pipeline.training.splitting.resampling import legacy_seed, rows_wanted


def undersample(
    examples: Sequence[Example], params: UndersampleParams, seed: int
) -> frozenset[str]:
    """Draw the rows that shall not train.

    Each label keeps at most ``target_share`` of the rows of the most frequent one, which keeps just
    that share itself. Decided over all rows of the task; as folds are stratified, the training part
    of each comes about as close.

    Args:
        examples: All original rows; their order does not matter.
        params: The most rows of a label.
        seed: Seed of what is drawn.

    Returns:
        Ids of the rows to leave out of training; none where ``target_share`` is None, or where
        there is only one label, so that there is nothing to balance.
    """
    counts = Counter(example.label for example in examples)
    if params.target_share is None or len(counts) < 2:  # noqa: PLR2004 - labels to balance
        return frozenset()
    most = rows_wanted(counts.values(), params.target_share)
    targets = {label: most for label, rows in counts.items() if rows > most}
    if not targets:
        return frozenset()
    rows = sorted(examples, key=lambda example: example.row_id)
    kept = _draw_kept(np.array([row.label for row in rows]), targets, seed)
    return frozenset(row.row_id for row, stays in zip(rows, kept, strict=True) if not stays)


def _draw_kept(labels: NDArray[np.str_], targets: dict[str, int], seed: int) -> NDArray[np.bool_]:
    """Draw which rows stay. Shape: (rows,)."""
    from imblearn.under_sampling import RandomUnderSampler

    sampler = RandomUnderSampler(sampling_strategy=targets, random_state=legacy_seed(seed))
    places = np.arange(len(labels))
    sampler.fit_resample(places.reshape(-1, 1), labels)
    kept: NDArray[np.bool_] = np.isin(places, sampler.sample_indices_)
    return kept
