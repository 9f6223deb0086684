"""A small batch that heads read: three rows of which the first is the longest."""

from types import SimpleNamespace

import pytest
import torch

from klue_pipeline.relation.model.heads import HeadInputs, HeadShape
from klue_pipeline.relation.settings.params import HeadParams

SHAPE = HeadShape(
    width=6,
    labels=4,
    entity_types=("PER", "ORG", "DAT"),
    legal_labels={"PER:ORG": (0, 2), "ORG:PER": (0, 1, 3), "ORG:DAT": (0,)},
)
EXTRA = {"bilstm": {"lstm_layers": 2, "lstm_width": 5}}
LENGTHS = (9, 8, 9)


def make_params(name, *, dropout=0.3, classifier="linear", **settings):
    scale = {"scale": 30.0} if classifier == "cosine" else {}
    settings = EXTRA.get(name, {}) | scale | settings
    return HeadParams(name=name, dropout=dropout, classifier=classifier, **settings)


def make_inputs():
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(3, 9, SHAPE.width, generator=generator)
    return HeadInputs(
        states=states.requires_grad_(),
        attention_mask=(torch.arange(9) < torch.tensor(LENGTHS).unsqueeze(1)).long(),
        # Subject start, subject end, object start, object end; both orders.
        positions=torch.tensor([[1, 4, 5, 8], [5, 7, 1, 3], [2, 3, 3, 9]]),
        type_ids=torch.tensor([[1, 2], [2, 1], [2, 3]]),
    )


@pytest.fixture
def inputs():
    """States that need a gradient, positions in both orders, one pair of types per row."""
    return make_inputs()


@pytest.fixture
def batch():
    """Makers of what heads take, for test modules, which cannot import from here."""
    return SimpleNamespace(shape=SHAPE, params=make_params, lengths=LENGTHS)
