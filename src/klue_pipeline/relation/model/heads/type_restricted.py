"""Classify among the labels that entities of these two types may stand in (RECENT)."""

from itertools import product

import torch
from torch import Tensor, nn

from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.readings import at_cls_and_entity_starts, take_tokens
from klue_pipeline.relation.settings.params import HeadParams

ILLEGAL_LOGIT = -1e4
"""Logit of a label that the types forbid: so far below any other that its probability is exactly 0
in float32 and float64, finite so that scores can be stored and checked, and within float16."""


class TypeRestrictedHead(nn.Module):
    """One classifier per pair of entity types, over its legal labels only.

    RECENT (Lyu and Chen, 2021, arXiv 2105.08393) trains separate classifiers, which rare pairs
    have too few rows for. Here a pair's logits are those of a classifier that all pairs share, plus
    a correction of the pair's own that starts at zero. A pair without legal labels in ``shape``, or
    with an entity of unknown type, gets the shared logits of all labels. The features are those of
    head ``cls_entity_start``.

    Args:
        params: Dropout before each layer.
        shape: Widths, entity types and legal labels.

    Raises:
        ValueError: ``shape.legal_labels`` names a type or label that there is not, or a pair with
            no label at all.
    """

    _listed: Tensor
    _legal: Tensor

    def __init__(self, params: HeadParams, shape: HeadShape) -> None:
        super().__init__()
        _require_known(shape)
        n_pairs = len(shape.legal_labels)
        self.dropout = nn.Dropout(params.dropout)
        self.hidden = nn.Linear(3 * shape.width, shape.width)
        self.output = nn.Linear(shape.width, shape.labels)
        self.corrections = nn.Linear(shape.width, n_pairs * shape.labels)
        nn.init.zeros_(self.corrections.weight)
        nn.init.zeros_(self.corrections.bias)
        # They follow from the configuration, so a checkpoint need not hold them.
        self.register_buffer("_listed", _number_pairs(shape), persistent=False)
        self.register_buffer("_legal", _mark_legal(shape), persistent=False)

    def forward(self, inputs: HeadInputs) -> Tensor:
        """Return logits; those of illegal labels are :data:`ILLEGAL_LOGIT`.

        Shape: (batch, labels).
        """
        places = at_cls_and_entity_starts(inputs.positions)
        pooled = take_tokens(inputs.states, places)  # (batch, 3 * width)
        features = self.dropout(nn.functional.gelu(self.hidden(self.dropout(pooled))))
        subject_types, object_types = inputs.type_ids.unbind(dim=1)  # each (batch,)
        pairs = self._listed[subject_types, object_types]  # (batch,)
        logits = self.output(features) + self._correct(features, pairs)
        restricted: Tensor = logits.masked_fill(~self._legal[pairs], ILLEGAL_LOGIT)
        return restricted

    def _correct(self, features: Tensor, pairs: Tensor) -> Tensor:
        n_labels = self.output.out_features
        of_listed = self.corrections(features).unflatten(1, (-1, n_labels))
        # Pair 0 stands for all that are not listed; nothing corrects them.
        of_all = nn.functional.pad(of_listed, (0, 0, 1, 0))  # (batch, 1 + pairs, labels)
        return of_all[torch.arange(pairs.shape[0], device=pairs.device), pairs]  # (batch, labels)


def _require_known(shape: HeadShape) -> None:
    known = {f"{pair[0]}:{pair[1]}" for pair in product(shape.entity_types, repeat=2)}
    unknown = sorted(set(shape.legal_labels) - known)
    if unknown:
        raise ValueError(
            f"legal_labels names the type pairs {unknown}; the entity types are "
            f"{list(shape.entity_types)} and a pair is written <subject type>:<object type>."
        )
    for pair, label_ids in shape.legal_labels.items():
        if not label_ids or not set(label_ids) <= set(range(shape.labels)):
            raise ValueError(
                f"legal_labels gives {pair} the label ids {list(label_ids)}; give at least one, "
                f"each from 0 to {shape.labels - 1}, or leave the pair out to allow all."
            )


def _number_pairs(shape: HeadShape) -> Tensor:
    """Number the listed pairs from 1; 0 for others. Shape: (1 + types, 1 + types)."""
    numbers = torch.zeros(2 * [1 + len(shape.entity_types)], dtype=torch.int64)
    type_ids = {name: 1 + index for index, name in enumerate(shape.entity_types)}
    number_of = {pair: number for number, pair in enumerate(shape.legal_labels, start=1)}
    for subject, object_ in product(type_ids, repeat=2):
        numbers[type_ids[subject], type_ids[object_]] = number_of.get(f"{subject}:{object_}", 0)
    return numbers


def _mark_legal(shape: HeadShape) -> Tensor:
    """Mark the legal labels of each numbered pair. Shape: (1 + pairs, labels)."""
    legal = torch.zeros(1 + len(shape.legal_labels), shape.labels, dtype=torch.bool)
    legal[0] = True
    for number, label_ids in enumerate(shape.legal_labels.values(), start=1):
        legal[number, list(label_ids)] = True
    return legal
