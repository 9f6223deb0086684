"""Read each token with its neighbours on both sides, by kernels of several widths."""

import torch
from torch import Tensor, nn

from klue_pipeline.odqa.reader.heads.interface import HeadShape, Layer

KERNELS = (1, 3, 5)
"""Tokens that a kernel sees: the token itself, and one or two neighbours on either side."""


class Convolutions(Layer):
    """Convolutions of 1, 3 and 5 tokens side by side, each with a ReLU."""

    def __init__(self, width: int, shape: HeadShape) -> None:
        super().__init__(width, shape)
        self.width = len(KERNELS) * shape.hidden_size
        self.kernels = nn.ModuleList(
            nn.Conv1d(width, shape.hidden_size, size, padding="same") for size in KERNELS
        )

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return what each kernel sees. Shape: (batch, tokens, 3 * hidden_size)."""
        # Behind a row's end a kernel sees zeros, as it does where there is no padding.
        rows = torch.where(attention_mask.bool().unsqueeze(2), states, 0).transpose(1, 2)
        found = torch.cat([kernel(rows) for kernel in self.kernels], dim=1)
        return found.relu().transpose(1, 2)
