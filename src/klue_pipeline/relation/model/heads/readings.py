"""What each head reads of a row, taken out of all of the row's states.

With the encoder frozen, these few states never change: computed once, they stand for the row. Put
side by side as if they were a short row of their own, the head reads them without knowing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from klue_pipeline.relation.model.heads.interface import OBJECT_SPAN, SUBJECT_SPAN, HeadInputs
from klue_pipeline.relation.model.heads.pooling import (
    mean_of,
    mean_of_span,
    take_cls_and_entity_ends,
    take_cls_and_entity_starts,
    take_entity_starts,
)


@dataclass(frozen=True)
class Reading:
    """What a head reads, and where it finds it again in a row of nothing else.

    Attributes:
        take: Returns the states that the head reads. Shape: (batch, tokens * width).
        tokens: How many states these are.
        positions: The entity positions of the short row, in the columns of
            ``HeadInputs.positions``.
    """

    take: Callable[[HeadInputs], Tensor]
    tokens: int
    positions: tuple[int, int, int, int]


def _take_cls(inputs: HeadInputs) -> Tensor:
    return inputs.states[:, 0]


def _take_mean(inputs: HeadInputs) -> Tensor:
    return mean_of(inputs.states, inputs.attention_mask)


def _take_cls_and_entity_means(inputs: HeadInputs) -> Tensor:
    means = [mean_of_span(inputs, span) for span in (SUBJECT_SPAN, OBJECT_SPAN)]
    return torch.cat([inputs.states[:, 0], *means], dim=1)


READINGS: dict[str, Reading] = {
    "cls": Reading(_take_cls, 1, (0, 1, 0, 1)),
    "mean_pool": Reading(_take_mean, 1, (0, 1, 0, 1)),
    "entity_start": Reading(take_entity_starts, 2, (0, 1, 1, 2)),
    "cls_entity_start": Reading(take_cls_and_entity_starts, 3, (1, 2, 2, 3)),
    "cls_entity_fc": Reading(take_cls_and_entity_starts, 3, (1, 2, 2, 3)),
    "rbert": Reading(_take_cls_and_entity_means, 3, (1, 2, 2, 3)),
    "entity_start_end": Reading(take_cls_and_entity_ends, 5, (1, 3, 3, 5)),
}
"""Heads that read a fixed number of states and nothing else. ``bilstm`` reads all of them, and
``type_restricted`` the entities' types too, which nothing between two rows has."""


def find_reading(head: str) -> Reading:
    """Return what a head reads.

    Raises:
        ValueError: It reads more than a fixed number of states.
    """
    if head not in READINGS:
        raise ValueError(
            f"training.smote_neighbours needs a head that reads a fixed number of states; "
            f"head.name is {head}, choose one of {', '.join(READINGS)}, or leave "
            "training.smote_neighbours out."
        )
    return READINGS[head]
