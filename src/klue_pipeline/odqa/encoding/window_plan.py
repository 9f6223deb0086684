"""Which stretch of a passage each window has, and which tokens it owns; counts tokens alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class WindowPlan:
    """Stretches of passages, those of a passage adjacent and from left to right.

    Attributes:
        passages: Which passage each is of, counted from 0. Shape of this and all below: (windows,).
        starts: The first token of the stretch, counted in its passage.
        ends: The place after its last.
        owned_starts: The first token that the window owns, counted in its passage.
        owned_ends: The place after the last one.
    """

    passages: Integers
    starts: Integers
    ends: Integers
    owned_starts: Integers
    owned_ends: Integers


def plan_windows(lengths: Integers, rooms: Integers, stride: int) -> WindowPlan:
    """Cut passages into windows that share ``stride`` tokens with the one before.

    Of several windows that have a token, the one where it has most context on its poorer side owns
    it, and the earlier of equals: the ``max_context`` rule of BERT's ``run_squad``. For two windows
    that begin and end one after the other, the earlier one is the better up to the middle of what
    they share, so that what a window owns is one stretch.

    Args:
        lengths: Tokens of each passage. Shape: (passages,).
        rooms: Most tokens of it in a window, above ``stride``. Shape: (passages,).
        stride: Shared tokens.

    Returns:
        At least one window for each passage, also for one without tokens.

    >>> plan = plan_windows(np.array([10]), np.array([6]), stride=2)
    >>> plan.starts.tolist(), plan.ends.tolist()
    ([0, 4], [6, 10])
    >>> plan.owned_starts.tolist(), plan.owned_ends.tolist()
    ([0, 5], [5, 10])
    """
    steps = rooms - stride
    counts = 1 + np.maximum(0, -((rooms - lengths) // steps))
    passages = np.repeat(np.arange(len(lengths)), counts)
    lasts = np.cumsum(counts) - 1
    numbers = np.arange(len(passages)) - np.repeat(lasts + 1 - counts, counts)
    starts = numbers * steps[passages]
    ends = np.minimum(starts + rooms[passages], lengths[passages])
    owned_starts, owned_ends = np.zeros_like(starts), ends.copy()
    inner = np.flatnonzero(numbers > 0)
    owned_starts[inner] = owned_ends[inner - 1] = (ends[inner - 1] + starts[inner] + 1) // 2
    return WindowPlan(passages, starts, ends, owned_starts, owned_ends)
