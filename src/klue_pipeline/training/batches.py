"""Encoded rows as padded batches: one flat array of token ids, cut and padded on demand."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class EncodedRows(Dataset[Batch]):
    """Token ids of many rows in one flat array, so that a batch is cut without Python lists.

    Attributes:
        input_ids: Token ids of all rows, one after the other. Shape: (tokens of all rows,).
        token_type_ids: Segment numbers in the same order, or None for encoders without segments.
        offsets: Where each row starts in ``input_ids``; the last entry is its length.
            Shape: (rows + 1,).
        columns: Further values per row that the model or the loss takes, by the name of the
            argument; integers become int64 tensors. Shape of each: (rows,) or (rows, values).
        padding_id: Token id that fills short rows up.
    """

    input_ids: NDArray[np.integer]
    token_type_ids: NDArray[np.integer] | None
    offsets: NDArray[np.integer]
    columns: Mapping[str, NDArray[np.generic]]
    padding_id: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row. Shape: (rows,)."""
        return np.diff(self.offsets).astype(np.int64)

    def __getitem__(self, index: int) -> Batch:
        """Return one row as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the rows as one batch, padded on the right to its own longest row.

        PyTorch's DataLoader calls this with all indices of a batch at once.

        Returns:
            ``input_ids`` and ``attention_mask`` (and ``token_type_ids``), int64,
            shape (batch, tokens); and one tensor per entry of ``columns``.
        """
        starts, ends = self.offsets[indices], self.offsets[np.asarray(indices) + 1]
        width = int((ends - starts).max())
        mask = np.arange(width) < (ends - starts)[:, None]  # (batch, tokens)
        batch = {
            "input_ids": self._pad(self.input_ids, mask, starts, self.padding_id),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)),
        }
        if self.token_type_ids is not None:
            batch["token_type_ids"] = self._pad(self.token_type_ids, mask, starts, 0)
        for name, values in self.columns.items():
            batch[name] = torch.from_numpy(values[indices])
        return batch

    @staticmethod
    def _pad(
        flat: NDArray[np.integer],
        mask: NDArray[np.bool_],
        starts: NDArray[np.integer],
        padding: int,
    ) -> Tensor:
        padded = np.full(mask.shape, padding, dtype=np.int64)
        places = starts[:, None] + np.arange(mask.shape[1])  # (batch, tokens)
        padded[mask] = flat[places[mask]]
        return torch.from_numpy(padded)
