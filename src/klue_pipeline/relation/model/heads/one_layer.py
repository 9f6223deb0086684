"""Classify by one hidden layer over what is read of a row: five heads, five readings."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.classifier import build_classifier
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.readings import READINGS
from klue_pipeline.relation.settings.params import HeadParams


class Layer(NamedTuple):
    """The hidden layer of one head.

    Attributes:
        activation: What follows the layer.
        drops_states: Whether dropout comes before the layer too, or only before the classifier.
    """

    activation: Callable[[Tensor], Tensor]
    drops_states: bool = True


LAYERS: Mapping[str, Layer] = {
    # What Transformers calls RobertaClassificationHead; the head of KLUE's own baseline. It knows
    # the entities only as far as the encoder saw them in the text.
    "cls": Layer(torch.tanh),
    "mean_pool": Layer(torch.tanh),
    # The variant "entity start" of Soares et al. (2019), "Matching the Blanks", with the layers of
    # Zhou and Chen (2021), "An Improved Baseline for Sentence-level Relation Extraction".
    "entity_start": Layer(torch.relu, drops_states=False),
    "cls_entity_start": Layer(nn.functional.gelu),
    "entity_start_end": Layer(nn.functional.gelu),
}
"""The heads of this kind, by the name that each has in ``head.name`` and in ``READINGS``."""


class OneLayerHead(nn.Module):
    """One hidden layer over the states that ``READINGS`` names for the head.

    Args:
        params: Name of the head, dropout before each layer, and the classifier.
        shape: Widths.
    """

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        reading = READINGS[params.name]
        self._take = reading.take
        self._layer = LAYERS[params.name]
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(reading.tokens * shape.width, shape.width)
        self.output = build_classifier(params, shape.width, shape.labels)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits. Shape: (batch, labels)."""
        states = self._take(inputs)  # (batch, tokens * width)
        if self._layer.drops_states:
            states = self.dropout(states)
        hidden = self._layer.activation(self.hidden(states))  # (batch, width)
        logits: Tensor = self.output(self.dropout(hidden))
        return logits
