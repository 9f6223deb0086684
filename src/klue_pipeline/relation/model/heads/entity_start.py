"""Classify by the states at the entities' markers: three heads that differ in what they read."""

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.pooling import (
    take_cls_and_entity_ends,
    take_cls_and_entity_starts,
    take_entity_starts,
)
from klue_pipeline.relation.settings.params import HeadParams


class EntityStartHead(nn.Module):
    """One hidden layer with ReLU over both entities' opening markers.

    The variant "entity start" of Soares et al. (2019), "Matching the Blanks", with the layers of
    Zhou and Chen (2021), "An Improved Baseline for Sentence-level Relation Extraction".

    Args:
        params: Dropout before the classifier, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(2 * shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        hidden = torch.relu(self.hidden(take_entity_starts(inputs)))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits


class ClsEntityStartHead(nn.Module):
    """One hidden layer with GELU over the first token and both entities' opening markers.

    Args:
        params: Dropout before each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(3 * shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        pooled = take_cls_and_entity_starts(inputs)  # (batch, 3 * width)
        hidden = nn.functional.gelu(self.hidden(self.dropout(pooled)))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits


class EntityStartEndHead(nn.Module):
    """One hidden layer with GELU over the first token and both ends of both entities' blocks.

    Args:
        params: Dropout before each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(5 * shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        pooled = take_cls_and_entity_ends(inputs)  # (batch, 5 * width)
        hidden = nn.functional.gelu(self.hidden(self.dropout(pooled)))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits
