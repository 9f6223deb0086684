"""Memory that a training has freed, given back to the machine.

Batches differ in length, so each step leaves gaps between blocks of other sizes. The C library
keeps such gaps: a process comes to hold twice what its longest batch needs. What is given back is
asked for anew when a batch needs it, which takes next to no time.

PyTorch's matrix products on a CPU are oneDNN's, which keeps code for each shape that it has met, of
1,024 shapes unless told otherwise. An epoch meets a few shapes in each batch, and seldom again.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_STEPS = 25
"""Optimizer steps between two returns."""

# oneDNN asks for it once, before its first product.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")


def return_free_memory() -> None:
    """Give back what is free within the process; does nothing without glibc."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], int]:
    if sys.platform != "linux":
        return lambda _: 0
    trim: Callable[[int], int] = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
    return trim


def forget_training() -> None:
    """Free what only a finished training held: trainer and optimizer refer to each other."""
    gc.collect()
    return_free_memory()


class ReturnFreeMemory(TrainerCallback):
    """Give free memory back every few steps."""

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002 (Trainer's signature)
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Give it back."""
        if state.global_step % _STEPS == 0:
            return_free_memory()
