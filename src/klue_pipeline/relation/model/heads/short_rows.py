"""The tokens of a row that a head reads, as a row of nothing else that the head scores alike.

The encoder's last layer is then computed for these tokens alone
(:mod:`klue_pipeline.training.compute.last_layer`).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from klue_pipeline.relation.model.heads.interface import (
    OBJECT_END,
    OBJECT_START,
    SUBJECT_END,
    SUBJECT_START,
)
from klue_pipeline.relation.model.heads.readings import READINGS, at_cls
from klue_pipeline.training.compute.attention import is_recorded


class ShortRows(NamedTuple):
    """The rows of a batch, with only the tokens that are read.

    Attributes:
        places: Where each token was. Shape: (batch, read).
        positions: The entity positions in the short rows. Shape: (batch, 4).
    """

    places: Tensor
    positions: Tensor


Shorten = Callable[[Tensor], ShortRows | None]
"""Takes the entity positions of a batch, (batch, 4); None where whole rows do better."""


def choose_shortening(head: str) -> Shorten | None:
    """Return how rows become short for a head; None for one that reads all tokens."""
    if head == "rbert":
        return _shorten_to_blocks
    reading = READINGS.get("cls_entity_start" if head == "type_restricted" else head)
    if reading is None or reading.places is None:
        return None
    return partial(_shorten_to_places, reading.places, reading.positions)


def _shorten_to_places(
    places: Callable[[Tensor], Tensor], in_short_row: tuple[int, ...], positions: Tensor
) -> ShortRows:
    # Made on the positions' device: a copy to a GPU would wait for it.
    short = [torch.full_like(positions[:, :1], place) for place in in_short_row]
    return ShortRows(places(positions), torch.cat(short, dim=1))


def _shorten_to_blocks(positions: Tensor) -> ShortRows | None:
    """Keep the first token and both entities' blocks, each as wide as the batch's longest."""
    if is_recorded() or positions.device.type != "cpu":
        return None  # a graph would keep this batch's width, and a GPU would be waited for
    places, starts, width = [at_cls(positions)], [], 1
    for start, end in ((SUBJECT_START, SUBJECT_END), (OBJECT_START, OBJECT_END)):
        block = torch.arange(max(0, int((positions[:, end] - positions[:, start]).max())))
        # What goes beyond a block is not read.
        last = (positions[:, end] - 1).clamp(min=0).unsqueeze(1)
        places.append(torch.minimum(positions[:, start].unsqueeze(1) + block, last))
        starts.append(width)
        width += len(block)
    lengths = positions[:, [SUBJECT_END, OBJECT_END]] - positions[:, [SUBJECT_START, OBJECT_START]]
    begin = torch.tensor(starts).expand(positions.shape[0], -1)
    short = torch.stack([begin, begin + lengths], dim=2)  # (batch, entity, end)
    return ShortRows(torch.cat(places, dim=1), short.flatten(start_dim=1))
