"""What is compared takes turns, so that a machine whose speed drifts treats all alike."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")

OURS = "ours"
"""What the others are compared with."""


Seconds = tuple[float, float]
"""By the clock, and of CPU time."""


def take_turns(
    contenders: Mapping[str, Callable[[], Result]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, Result]]:
    """Let each contender do its work in turn, so many rounds.

    Args:
        contenders: By name; one is called :data:`OURS`.
        rounds: How often.

    Returns:
        What :func:`ratios` returns, and what each contender returned in the last round.
    """
    took: dict[str, list[Seconds]] = {name: [] for name in contenders}
    results: dict[str, Result] = {}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.perf_counter(), time.process_time()
            results[name] = work()
            ended = time.perf_counter(), time.process_time()
            took[name].append((ended[0] - began[0], ended[1] - began[1]))
    return ratios(took), results


def ratios(took: Mapping[str, list[Seconds]]) -> dict[str, list[float]]:
    """Return how many times as long as ours each took, by the clock and in CPU time.

    Args:
        took: Seconds of each contender, round by round; the medians count.

    >>> ratios({"ours": [(1.0, 2.0)], "plain": [(3.0, 3.0)]})
    {'ours': [1.0, 1.0], 'plain': [3.0, 1.5]}
    """
    ours = np.array(took[OURS])
    return {
        name: np.median(np.array(theirs) / ours, axis=0).tolist() for name, theirs in took.items()
    }
