"""Dropout on a CPU from raw random bits.

PyTorch draws one random number for every value of a state, one after the other, which takes a
quarter of a training. Here a generator of its own fills words with bits, and 16 of them decide over
one value. The masks of an optimizer step follow from seed and step alone, so a training that goes
on from a resume state draws what an unbroken one does.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_CHANCES = 2**16
"""Rates are rounded to one of so many."""

_WORD_DECISIONS = 4


class KeepMasks:
    """Masks of the values that dropout keeps.

    Args:
        seed: What the masks follow from, such as (seed, optimizer step, batch of this step).
    """

    def __init__(self, seed: Sequence[int]) -> None:
        # The quickest of numpy's generators; its period of 2^64 masks is enough for a step.
        self._generator = np.random.Generator(np.random.SFC64(list(seed)))

    def draw(self, shape: Sequence[int], rate: float) -> tuple[Tensor, float]:
        """Draw which values stay.

        Args:
            shape: Of the values.
            rate: Share of them that goes, from 0 up to, but not, 1.

        Returns:
            1 for a value that stays and 0 for one that goes, uint8; and what the values that stay
            are multiplied by, so that their mean stays as well.
        """
        count = int(np.prod(shape))
        words = self._generator.integers(
            0, 2**64, -(-count // _WORD_DECISIONS), dtype=np.uint64
        ).view(np.uint16)
        going = min(round(rate * _CHANCES), _CHANCES - 1)
        keep = torch.from_numpy((words[:count] >= going).view(np.uint8)).view(*shape)
        return keep, _CHANCES / (_CHANCES - going)


_MASKS: ContextVar[KeepMasks | None] = ContextVar("masks of dropout", default=None)


@contextmanager
def drawing_from(masks: KeepMasks | None) -> Iterator[None]:
    """Let dropout draw from ``masks`` within; from PyTorch's own generator for None."""
    token = _MASKS.set(masks)
    try:
        yield
    finally:
        _MASKS.reset(token)


def drawing_anew() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Give what is computed again in a backward pass the masks that it has had.

    Returns:
        The contexts of the first and of the second time, as ``context_fn`` of
        ``torch.utils.checkpoint`` wants them; that one looks after PyTorch's generator alone.
    """
    return nullcontext(), drawing_from(copy.deepcopy(_MASKS.get()))


def present_masks() -> KeepMasks | None:
    """Return what dropout draws from at present; None is PyTorch's own generator.

    A compiled model draws from that one: its masks become part of the code around them.
    """
    return None if torch.compiler.is_compiling() else _MASKS.get()


class BitDropout(nn.Dropout):
    """Dropout (Srivastava et al., 2014) whose masks are drawn by :func:`drawing_from`."""

    def forward(self, states: Tensor) -> Tensor:
        """Set a share of the values to 0 in training and scale up the others."""
        masks = present_masks()
        if not self.training or not self.p or masks is None:
            return super().forward(states)
        keep, scale = masks.draw(states.shape, self.p)
        dropped: Tensor = _KeepScaled.apply(states, keep, scale)  # type: ignore[no-untyped-call]
        return dropped


class _KeepScaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, keep: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(keep)
        ctx.scale = scale
        return keep_scaled(states, keep, scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (keep,) = ctx.saved_tensors
        return keep_scaled(gradient, keep, ctx.scale), None, None


def keep_scaled(values: Tensor, keep: Tensor, scale: float) -> Tensor:
    """Return the values that stay, scaled up, and 0 for the others."""
    # Casting bytes and multiplying is quicker than a mask of booleans.
    return keep.to(values.dtype).mul_(scale).mul_(values)


def use_bit_dropout(model: nn.Module) -> None:
    """Let each dropout layer of a model draw its masks from :func:`drawing_from`."""
    for parent in list(model.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.Dropout:
                setattr(parent, name, BitDropout(layer.p).train(layer.training))
