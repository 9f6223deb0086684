"""Read the states of a window in both directions, one token after the other."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from klue_pipeline.odqa.reader.heads.interface import HeadShape, Layer

_LSTM_LAYERS = 2


class BiLstm(Layer):
    """Two layers of a bidirectional LSTM, with dropout between them.

    Rows are packed, so that the backward direction starts at a row's last real token. Runs in
    float32 also under autocast: a recurrence over hundreds of tokens adds up rounding, and not
    every device has LSTM kernels for half precision.
    """

    def __init__(self, width: int, shape: HeadShape) -> None:
        super().__init__(width, shape)
        self.width = 2 * shape.hidden_size
        self.lstm = nn.LSTM(
            width,
            shape.hidden_size,
            _LSTM_LAYERS,
            batch_first=True,
            bidirectional=True,
            dropout=shape.dropout,
        )

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return both directions' states. Shape: (batch, tokens, 2 * hidden_size)."""
        lengths = attention_mask.sum(dim=1).cpu()  # where PyTorch wants them
        with torch.autocast(states.device.type, enabled=False):
            packed = pack_padded_sequence(
                states.float(), lengths, batch_first=True, enforce_sorted=False
            )
            read, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(read, batch_first=True, total_length=states.shape[1])
        return padded


class NormalisedBiLstm(BiLstm):
    """The same, and a LayerNorm over its states (Ba et al., 2016, arXiv 1607.06450)."""

    def __init__(self, width: int, shape: HeadShape) -> None:
        super().__init__(width, shape)
        self.norm = nn.LayerNorm(self.width)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return both directions' states, normalised. Shape: (batch, tokens, 2 * hidden_size)."""
        normalised: Tensor = self.norm(super().forward(states, attention_mask))
        return normalised
