"""What every head is given: once when it is built, and with every batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

SUBJECT_START, SUBJECT_END, OBJECT_START, OBJECT_END = range(4)
"""Columns of entity positions: token positions counted from 0, ends exclusive."""

SUBJECT_SPAN, OBJECT_SPAN = (SUBJECT_START, SUBJECT_END), (OBJECT_START, OBJECT_END)
"""The two columns of one entity's block: from its opening marker to after its closing one."""


@dataclass(frozen=True)
class HeadShape:
    """What a head has to know to be built.

    Attributes:
        width: Width of the encoder's states.
        labels: Number of labels, which is the number of logits.
        entity_types: Names of the entity types; the type at place i has id 1 + i.
        legal_labels: The label ids that entities of two types may stand in, by
            ``<subject type>:<object type>``; a pair without an entry may stand in any.
    """

    width: int
    labels: int
    entity_types: tuple[str, ...] = ()
    legal_labels: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class HeadInputs:
    """One batch as a head sees it; each head reads what it needs.

    Attributes:
        states: The encoder's states. Shape: (batch, tokens, width).
        attention_mask: 1 for text, 0 for padding, which is on the right.
            Shape: (batch, tokens).
        positions: Entity positions; the columns are first and exclusive last token of the subject,
            then of the object (``SUBJECT_START`` to ``OBJECT_END``, 0 to 3). A row that could not
            be marked has four zeros. Shape: (batch, 4).
        type_ids: Entity types of subject and object; 0 is an unknown type, 1 + i the i-th of
            ``HeadShape.entity_types``. Shape: (batch, 2).
    """

    states: Tensor
    attention_mask: Tensor
    positions: Tensor
    type_ids: Tensor
