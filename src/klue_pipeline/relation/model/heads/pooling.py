"""From the states of all tokens to one vector per row: at a place, over a span, over a row."""

from collections.abc import Sequence

import torch
from torch import Tensor

from klue_pipeline.relation.model.heads.interface import OBJECT_START, SUBJECT_START, HeadInputs


def take_tokens(states: Tensor, places: Tensor) -> Tensor:
    """Return the states at some places of each row, side by side.

    Args:
        states: Shape: (batch, tokens, width).
        places: Token positions, counted from 0. Shape: (batch, places).

    Returns:
        Shape: (batch, places * width).
    """
    rows = torch.arange(len(states), device=states.device).unsqueeze(1)  # (batch, 1)
    return states[rows, places].flatten(start_dim=1)


def take_entity_starts(inputs: HeadInputs) -> Tensor:
    """Return the states of both entities' opening markers. Shape: (batch, 2 * width)."""
    return take_tokens(inputs.states, inputs.positions[:, [SUBJECT_START, OBJECT_START]])


def take_cls_and_entity_starts(inputs: HeadInputs) -> Tensor:
    """Return the states of the first token and of both opening markers.

    The variant "entity start" of Soares et al. (2019), "Matching the Blanks", joined with the
    sentence's first token. Shape: (batch, 3 * width).
    """
    return torch.cat([inputs.states[:, 0], take_entity_starts(inputs)], dim=1)


def take_cls_and_entity_ends(inputs: HeadInputs) -> Tensor:
    """Return the states of the first token and of both ends of both entities' blocks.

    Shape: (batch, 5 * width).
    """
    ends_are_exclusive = torch.tensor([0, 1, 0, 1], device=inputs.positions.device)
    # A row that could not be marked ends at 0, before its first token.
    places = (inputs.positions - ends_are_exclusive).clamp(min=0)  # (batch, 4)
    return torch.cat([inputs.states[:, 0], take_tokens(inputs.states, places)], dim=1)


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
