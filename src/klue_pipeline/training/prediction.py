"""Scores of a trained model for many rows, in the rows' own order."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.device import autocast
from klue_pipeline.training.params import Precision

NOT_FOR_THE_MODEL = ("labels", "weights")
"""Columns of a batch that only the loss takes."""


def predict_logits(
    model: nn.Module,
    rows: EncodedRows,
    batch_size: int,
    precision: Precision,
    *,
    description: str | None = None,
) -> NDArray[np.float32]:
    """Score every row.

    Rows are sorted by length, longest first, so that a batch holds hardly any padding and memory
    that is too small shows in the first batch. The results return in the order of ``rows``.

    Args:
        model: Takes a batch by keyword and returns logits (batch, labels); it stays where it is
            and in the mode (train or eval) it was in.
        rows: What to score.
        batch_size: Rows in a batch.
        precision: A resolved precision, not ``auto``.
        description: Text of a progress bar on a terminal; None shows none.

    Returns:
        Logits, float32. Shape: (rows, labels).
    """
    device = next(model.parameters()).device
    order = np.argsort(-rows.lengths, kind="stable")
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    parts = []
    hidden = None if description else True  # None: shown on a terminal, not in a log file
    was_training = model.training
    model.eval()
    with torch.inference_mode(), autocast(precision, device):
        for indices in tqdm(batches, desc=description, disable=hidden, leave=False):
            batch = rows.__getitems__(indices.tolist())
            inputs = {k: v.to(device) for k, v in batch.items() if k not in NOT_FOR_THE_MODEL}
            parts.append(model(**inputs).float().cpu().numpy())
    model.train(was_training)
    return _restore_order(parts, order)


def _restore_order(
    parts: list[NDArray[np.float32]], order: NDArray[np.int64]
) -> NDArray[np.float32]:
    stacked = np.concatenate(parts)
    restored = np.empty_like(stacked)
    restored[order] = stacked
    return restored


Scorer = Callable[[NDArray[np.float32], NDArray[np.int64]], dict[str, float]]
"""(logits (rows, labels), gold label ids (rows,)) -> metrics by name."""
