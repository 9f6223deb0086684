"""Classify by a bidirectional LSTM that reads the encoder's states."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.settings.params import HeadParams


class BiLstmHead(nn.Module):
    """The last states of both directions of a BiLSTM's top layer.

    Rows are packed, so that the forward direction ends at a row's last real token and the backward
    one starts there. Runs in float32 also under autocast: a recurrence over hundreds of tokens
    adds up rounding, and not every device has LSTM kernels for half precision.

    Args:
        params: Number and width of LSTM layers (per direction), dropout between them and before
            the classifier, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        layers, width = cast(int, params.lstm_layers), cast(int, params.lstm_width)
        self.dropout = nn.Dropout(params.dropout)
        self.lstm = nn.LSTM(
            shape.width,
            width,
            layers,
            batch_first=True,
            bidirectional=True,
            # PyTorch warns about dropout between the layers of a single one.
            dropout=params.dropout if layers > 1 else 0.0,
        )
        self.output = build_classifier(params, 2 * width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        lengths = inputs.attention_mask.sum(dim=1).cpu()  # where PyTorch wants them
        with torch.autocast(inputs.states.device.type, enabled=False):
            packed = pack_padded_sequence(
                inputs.states.float(), lengths, batch_first=True, enforce_sorted=False
            )
            _, (last, _) = self.lstm(packed)  # (layers * 2, batch, lstm_width)
        forward, backward = last[-2], last[-1]  # of the top layer
        logits: Tensor = self.output(self.dropout(torch.cat([forward, backward], dim=1)))
        return logits
