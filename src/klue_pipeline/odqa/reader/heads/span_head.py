"""A start and an end score for each token: some layers, and a linear one over them."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from klue_pipeline.odqa.reader.heads.interface import Layer


class SpanHead(nn.Module):
    """Layers with dropout between them, and a linear layer that scores each token.

    The last layer computes in float32 also under autocast: bfloat16 has three digits, in which the
    best spans of a question's passages would score alike.

    Args:
        layers: The layers below the last one; none for a linear head.
        width: Width of the states that the last one reads.
        dropout: Share of the states that is dropped in training behind each of ``layers``, and in
            front of the last layer.
    """

    def __init__(self, layers: Iterable[Layer], width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, 2)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Score each token as the first and as the last one of an answer.

        Args:
            states: The encoder's states. Shape: (batch, tokens, width).
            attention_mask: 1 for text, 0 for padding, which is on the right.
                Shape: (batch, tokens).

        Returns:
            Logits of start and end, float32. Shape: (batch, tokens, 2).
        """
        for place, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if place else states, attention_mask)
        with torch.autocast(states.device.type, enabled=False):
            logits: Tensor = self.output(self.dropout(states.float()))
        return logits
