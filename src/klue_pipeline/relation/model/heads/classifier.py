"""The last layer of a head: features in, one logit per label out."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from klue_pipeline.relation.settings.params import HeadParams

_SMALLEST_NORM = 1e-3
"""Vectors shorter than this are divided by it: their cosines shrink to 0 instead of being
undefined, and their gradients stay small enough not to drown all others when clipped."""


class CosineClassifier(nn.Module):
    """Scaled cosine between the features and a weight vector per label.

    The normalised classifier that the margins of LDAM (Cao et al., 2019, arXiv 1906.07413) are
    made for: every logit is in [-scale, scale]. Computes in float32 also under autocast, because
    bfloat16 keeps two digits of a cosine.

    Args:
        width: Width of the features.
        labels: Number of labels.
        scale: What cosines are multiplied by; 30 in the paper's code.
    """

    def __init__(self, width: int, labels: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(_normalise(torch.randn(labels, width)))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits, float32. Shape: (batch, width) -> (batch, labels)."""
        with torch.autocast(features.device.type, enabled=False):
            cosines = _normalise(features.float()) @ _normalise(self.weight.float()).T
            return self.scale * cosines


def build_classifier(params: HeadParams, width: int, labels: int) -> nn.Module:
    """Build the classifier that ``params.classifier`` names for features of ``width``."""
    return CLASSIFIERS[params.classifier](params, width, labels)


def _linear(params: HeadParams, width: int, labels: int) -> nn.Module:  # noqa: ARG001
    return nn.Linear(width, labels)


def _cosine(params: HeadParams, width: int, labels: int) -> nn.Module:
    return CosineClassifier(width, labels, cast(float, params.scale))


CLASSIFIERS: dict[str, Callable[[HeadParams, int, int], nn.Module]] = {
    "linear": _linear,
    "cosine": _cosine,
}
"""Every classifier by the name it has in ``head.classifier``."""


def _normalise(vectors: Tensor) -> Tensor:
    return nn.functional.normalize(vectors, dim=1, eps=_SMALLEST_NORM)
