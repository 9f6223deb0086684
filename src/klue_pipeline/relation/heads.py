"""Heads: what turns encoder states into one score per label.

A head is a module that takes encoder states and entity positions and returns logits. Add one by
writing its class and its line in ``HEADS``; ``relation/params.py`` names the legal ones.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from klue_pipeline.relation.params import HeadParams

SUBJECT_START, SUBJECT_END, OBJECT_START, OBJECT_END = range(4)
"""Columns of entity positions: token positions counted from 0, ends exclusive."""


class ClsEntityStartHead(nn.Module):
    """Classify by the states of the first token and of both entities' opening markers.

    The variant "entity start" of Soares et al. (2019), "Matching the Blanks", joined with the
    sentence's first token and followed by one hidden layer with its own weights.

    Args:
        width: Width of the encoder's states.
        labels: Number of labels.
        dropout: Share of values dropped before each linear layer, in [0, 1).
    """

    def __init__(self, width: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(3 * width, width)
        self.output = nn.Linear(width, labels)

    def forward(self, states: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:  # noqa: ARG002
        """Score each row.

        Args:
            states: Encoder states. Shape: (batch, tokens, width).
            attention_mask: 1 for text, 0 for padding. Shape: (batch, tokens). Not read here;
                every head takes it.
            positions: Entity positions, columns as above. Shape: (batch, 4).

        Returns:
            Logits. Shape: (batch, labels).
        """
        starts = positions[:, [SUBJECT_START, OBJECT_START]]  # (batch, 2)
        rows = torch.arange(len(states), device=states.device).unsqueeze(1)  # (batch, 1)
        entities = states[rows, starts].flatten(start_dim=1)  # (batch, 2 * width)
        pooled = torch.cat([states[:, 0], entities], dim=1)  # (batch, 3 * width)
        hidden = nn.functional.gelu(self.hidden(self.dropout(pooled)))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits


HEADS: dict[str, Callable[[int, int, float], nn.Module]] = {
    "cls_entity_start": ClsEntityStartHead,
}


def build_head(params: HeadParams, width: int, labels: int) -> nn.Module:
    """Build the head that ``params`` names for states of ``width`` and a number of labels."""
    return HEADS[params.name](width, labels, params.dropout)
