"""What each head reads of a row: a few states, taken out of those of all tokens.

A reading also stands for a row over a frozen encoder, whose states never change. Its states side by
side form a short row, and the head scores that row as it scores the whole one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from klue_pipeline.relation.model.heads.interface import (
    OBJECT_SPAN,
    OBJECT_START,
    SUBJECT_SPAN,
    SUBJECT_START,
    HeadInputs,
)


def at_cls(positions: Tensor) -> Tensor:
    """Return the place of the first token. Shape: (batch, 4) -> (batch, 1)."""
    return torch.zeros_like(positions[:, :1])


def at_entity_starts(positions: Tensor) -> Tensor:
    """Return the places of both entities' opening markers. Shape: (batch, 4) -> (batch, 2)."""
    return positions[:, [SUBJECT_START, OBJECT_START]]


def at_cls_and_entity_starts(positions: Tensor) -> Tensor:
    """Return the places of the first token and of both opening markers.

    The variant "entity start" of Soares et al. (2019), "Matching the Blanks", joined with the
    sentence's first token. Shape: (batch, 4) -> (batch, 3).
    """
    return torch.cat([at_cls(positions), at_entity_starts(positions)], dim=1)


def at_cls_and_entity_ends(positions: Tensor) -> Tensor:
    """Return the places of the first token and of both ends of both entities' blocks.

    Shape: (batch, 4) -> (batch, 5).
    """
    ends_are_exclusive = torch.tensor([0, 1, 0, 1], device=positions.device)
    # A row that could not be marked ends at 0, before its first token.
    return torch.cat([at_cls(positions), (positions - ends_are_exclusive).clamp(min=0)], dim=1)


def take_mean(inputs: HeadInputs) -> Tensor:
    """Return the mean of all real tokens; padding does not count. Shape: (batch, width)."""
    return mean_of(inputs.states, inputs.attention_mask)


def take_cls_and_entity_means(inputs: HeadInputs) -> Tensor:
    """Return the state of the first token and the means of both blocks.

    Shape: (batch, 3 * width).
    """
    means = [mean_of_span(inputs, span) for span in (SUBJECT_SPAN, OBJECT_SPAN)]
    return torch.cat([inputs.states[:, 0], *means], dim=1)


def take_tokens(states: Tensor, places: Tensor) -> Tensor:
    """Return the states at some places of each row, side by side.

    Args:
        states: Shape: (batch, tokens, width).
        places: Token positions, counted from 0. Shape: (batch, places).

    Returns:
        Shape: (batch, places * width).
    """
    rows = torch.arange(states.shape[0], device=states.device).unsqueeze(1)  # (batch, 1)
    return states[rows, places].flatten(start_dim=1)


def mean_of_span(inputs: HeadInputs, span: Sequence[int]) -> Tensor:
    """Average the states of one entity's block, markers included.

    Args:
        inputs: The batch.
        span: The columns of ``positions`` that hold the block's start and end.

    Returns:
        Means, float32; zeros for an empty block. Shape: (batch, width).
    """
    start, end = inputs.positions[:, list(span)].unsqueeze(2).unbind(dim=1)  # each (batch, 1)
    places = torch.arange(inputs.states.shape[1], device=inputs.states.device)  # (tokens,)
    return mean_of(inputs.states, (places >= start) & (places < end))


def mean_of(states: Tensor, mask: Tensor) -> Tensor:
    """Average the states of the tokens that a mask names; zeros where it names none.

    Sums in float32, where half precision would overflow or lose digits over a long row.

    Args:
        states: Shape: (batch, tokens, width).
        mask: True or 1 for the tokens to average. Shape: (batch, tokens).

    Returns:
        Means, float32. Shape: (batch, width).
    """
    chosen = mask.bool().unsqueeze(2)  # (batch, tokens, 1)
    total = torch.where(chosen, states, 0).sum(dim=1, dtype=torch.float32)
    return total / chosen.sum(dim=1).clamp(min=1)  # an empty span would divide by 0


@dataclass(frozen=True)
class Reading:
    """What a head reads, and where it finds it again in a row of nothing else.

    Attributes:
        take: Returns the states that the head reads. Shape: (batch, tokens * width).
        tokens: How many states these are.
        positions: The entity positions of the short row, in the columns of
            ``HeadInputs.positions``.
        places: Where they are, from the entity positions; None where they are means of more.
    """

    take: Callable[[HeadInputs], Tensor]
    tokens: int
    positions: tuple[int, int, int, int]
    places: Callable[[Tensor], Tensor] | None = None


def _read_at(
    places: Callable[[Tensor], Tensor], tokens: int, positions: tuple[int, int, int, int]
) -> Reading:
    def take(inputs: HeadInputs) -> Tensor:
        return take_tokens(inputs.states, places(inputs.positions))

    return Reading(take, tokens, positions, places)


READINGS: dict[str, Reading] = {
    "cls": _read_at(at_cls, 1, (0, 1, 0, 1)),
    "mean_pool": Reading(take_mean, 1, (0, 1, 0, 1)),
    "entity_start": _read_at(at_entity_starts, 2, (0, 1, 1, 2)),
    "cls_entity_start": _read_at(at_cls_and_entity_starts, 3, (1, 2, 2, 3)),
    "cls_entity_fc": _read_at(at_cls_and_entity_starts, 3, (1, 2, 2, 3)),
    "rbert": Reading(take_cls_and_entity_means, 3, (1, 2, 2, 3)),
    "entity_start_end": _read_at(at_cls_and_entity_ends, 5, (1, 3, 3, 5)),
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
