"""What a trained model says of many rows: their scores in the rows' own order, or their losses."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.device import autocast
from klue_pipeline.training.params import Precision
from klue_pipeline.training.tokens.token_budget import cut_by_tokens

TEACHER_LOGITS = "teacher_logits"
"""Column with the scores of whoever teaches the model; only a loss with a teacher reads it."""

NOT_FOR_THE_MODEL = ("labels", "weights", TEACHER_LOGITS)
"""Columns of a batch that only the loss takes."""

_TOKENS_ON_CPU = 4096
"""Most tokens of a batch on a CPU: states of more no longer stay in its caches."""


def predict_logits(
    model: nn.Module,
    rows: EncodedRows,
    batch_size: int,
    precision: Precision,
    *,
    description: str | None = None,
) -> NDArray[np.float32]:
    """Score every row; the arguments are those of :func:`read_batches`.

    Returns:
        Logits, float32, in the order of ``rows``. Shape: (rows, labels).
    """
    return read_rows(batch_logits, model, rows, batch_size, precision, description=description)


def read_rows(
    read: Callable[[nn.Module, Batch], Tensor],
    model: nn.Module,
    rows: EncodedRows,
    batch_size: int,
    precision: Precision,
    *,
    description: str | None = None,
) -> NDArray[np.float32]:
    """Collect what ``read`` returns of every row, in the order of ``rows``.

    The arguments are those of :func:`read_batches`; ``read`` returns one entry for each row.
    """
    values, order = read_batches(read, model, rows, batch_size, precision, description=description)
    restored = np.empty_like(values)
    restored[order] = values
    return restored


def batch_logits(model: nn.Module, batch: Batch) -> Tensor:
    """Return the logits of a batch, float32. Shape: (batch, labels)."""
    inputs = {name: value for name, value in batch.items() if name not in NOT_FOR_THE_MODEL}
    logits: Tensor = model(**inputs).float()
    return logits


def read_batches(
    read: Callable[[nn.Module, Batch], Tensor],
    model: nn.Module,
    rows: EncodedRows,
    batch_size: int,
    precision: Precision,
    *,
    description: str | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Collect what ``read`` returns of every batch.

    Rows are sorted by length, longest first, so that a batch holds hardly any padding and memory
    that is too small shows in the first batch.

    Args:
        read: Takes the model and a batch on its device.
        model: It stays where it is and in the mode (train or eval) it was in.
        rows: What to read.
        batch_size: Most rows in a batch.
        precision: A resolved precision, not ``auto``.
        description: Text of a progress bar on a terminal; None shows none.

    Returns:
        What was read, joined over the batches, and the order in which the rows came.
    """
    device = next(model.parameters()).device
    order = np.argsort(-rows.lengths, kind="stable")
    tokens = _TOKENS_ON_CPU if device.type == "cpu" else int(rows.lengths.max()) * batch_size
    batches = np.split(order, cut_by_tokens(rows.lengths[order], tokens, batch_size)[1:])
    parts = []
    hidden = None if description else True  # None: shown on a terminal, not in a log file
    was_training = model.training
    model.eval()
    # In inference_mode autocast keeps no weight that it has cast: each batch would cast them all.
    with torch.no_grad(), autocast(precision, device):
        for indices in tqdm(batches, desc=description, disable=hidden, leave=False):
            batch = rows.__getitems__(indices.tolist())
            on_device = {name: value.to(device) for name, value in batch.items()}
            parts.append(read(model, on_device).cpu().numpy())
    model.train(was_training)
    return np.concatenate(parts), order
