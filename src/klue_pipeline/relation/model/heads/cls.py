"""Classify by the first token's state alone."""

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.settings.params import HeadParams


class ClsHead(nn.Module):
    """One hidden layer with tanh over the state of the first token.

    What Transformers calls ``RobertaClassificationHead``; the head of KLUE's own baseline. It
    knows the entities only as far as the encoder saw them in the text.

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
        hidden = torch.tanh(self.hidden(self.dropout(inputs.states[:, 0])))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits
