"""Classify in two steps: join the entities first, then their pair with the first token."""

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.readings import at_entity_starts, take_tokens
from klue_pipeline.relation.settings.params import HeadParams


class ClsEntityFcHead(nn.Module):
    """A layer over both opening markers, and one over its result and the first token.

    Both layers are linear, ReLU, dropout; each has weights of its own.

    Args:
        params: Dropout after each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.entities = nn.Linear(2 * shape.width, shape.width)
        self.joined = nn.Linear(2 * shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        starts = take_tokens(inputs.states, at_entity_starts(inputs.positions))
        entities = self._pass(starts, self.entities)  # (batch, width)
        pair_and_cls = torch.cat([entities, inputs.states[:, 0]], dim=1)  # (batch, 2 * width)
        logits: Tensor = self.output(self._pass(pair_and_cls, self.joined))
        return logits

    def _pass(self, vectors: Tensor, layer: nn.Linear) -> Tensor:
        passed: Tensor = self.dropout(torch.relu(layer(vectors)))
        return passed
