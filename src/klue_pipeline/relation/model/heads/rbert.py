"""Classify by the first token and the means of both entities' blocks (R-BERT)."""

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import (
    OBJECT_SPAN,
    SUBJECT_SPAN,
    HeadInputs,
    HeadShape,
)
from klue_pipeline.relation.model.heads.readings import mean_of_span
from klue_pipeline.relation.settings.params import HeadParams


class RBertHead(nn.Module):
    """R-BERT (Wu and He, 2019, arXiv 1905.08284).

    The first token and the mean of each entity's block, markers included, each pass
    ``W tanh(dropout(x)) + b``: one layer for the first token, one that both entities share. The
    classifier reads the three side by side. An empty block counts as zeros.

    Args:
        params: Dropout before each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.cls = nn.Linear(shape.width, shape.width)
        self.entity = nn.Linear(shape.width, shape.width)
        self.output = build_classifier(params, 3 * shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        parts = [
            self._pass(inputs.states[:, 0], self.cls),
            self._pass(mean_of_span(inputs, SUBJECT_SPAN), self.entity),
            self._pass(mean_of_span(inputs, OBJECT_SPAN), self.entity),
        ]
        logits: Tensor = self.output(self.dropout(torch.cat(parts, dim=1)))
        return logits

    def _pass(self, vectors: Tensor, layer: nn.Linear) -> Tensor:
        passed: Tensor = layer(torch.tanh(self.dropout(vectors)))  # (batch, width)
        return passed
