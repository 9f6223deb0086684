"""Classify by the mean of all tokens' states."""

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.pooling import mean_of
from klue_pipeline.relation.settings.params import HeadParams


class MeanPoolHead(nn.Module):
    """The layers of head ``cls`` over the mean of all real tokens; padding does not count.

    Args:
        params: Dropout before each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        pooled = mean_of(inputs.states, inputs.attention_mask)  # (batch, width)
        hidden = torch.tanh(self.hidden(self.dropout(pooled)))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits
