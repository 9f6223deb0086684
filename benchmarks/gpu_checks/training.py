"""Whether training works: precisions, padding, going on after a kill, running out of memory."""

import gc
import math
import os
import signal
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.contenders import PADDED_TOKENS, train_ours
from benchmarks.gpu_checks.setup import (
    NotTriedError,
    Setup,
    learn,
    on_device,
    read_losses,
    require_gpu,
    with_settings,
)
from benchmarks.inference import pad_batch
from benchmarks.profile_operators import CountingWorkload
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.training.device import resolve_device
from klue_pipeline.training.prediction import NOT_FOR_THE_MODEL, predict_logits
from klue_pipeline.training.workspace import last_whole_checkpoint

Figures = dict[str, str]
"""What was measured, by its name."""

LOSS_TOLERANCE = 0.1
"""Between the mean losses of the last quarter of the steps."""

_PADDING_TOLERANCE = 1e-3
_RESUME_TOLERANCE = {"cpu": 0.0, "cuda": 0.05}
"""Sums on a GPU depend on the order in which its threads come. Other dropout masks, as after random
states that were not restored, moved a loss by 0.14 with the tiny encoder."""

_MEMORY_FACTOR = 1.5


def check_precision(precision: str, setup: Setup) -> tuple[str, Figures]:
    """Train in 16 bits; the losses are finite, fall, and end close to those of fp32."""
    if precision == "fp16":
        require_gpu()
    if torch.cuda.is_available() and precision == "bf16" and not gpu_has_bfloat16():
        raise NotTriedError("this GPU has no bfloat16")
    losses = {
        name: read_losses(learn(setup.learning_workload(dropout=0.0, precision=name)))
        for name in ("fp32", precision)
    }
    return compare_losses(losses, "fp32", precision), {}


def gpu_has_bfloat16() -> bool:
    """Whether the GPU computes in bfloat16 itself."""
    return torch.cuda.is_bf16_supported(including_emulation=False)


def compare_losses(losses: dict[str, list[float]], plain: str, other: str) -> str:
    """Say how two trainings ended.

    Args:
        losses: Of each step, by the training's name.
        plain: The training to compare with.
        other: The one that is checked.

    Raises:
        ValueError: A loss is no number, does not fall, or they end apart.
    """
    for name, values in losses.items():
        if not all(map(math.isfinite, values)):
            raise ValueError(f"{name}: the loss is {values[-1]} at the end")
        if not _mean_end(values) < _mean_end(values[::-1]):
            raise ValueError(
                f"{name}: the loss does not fall, {_mean_end(values[::-1]):.3f} at the start and "
                f"{_mean_end(values):.3f} at the end"
            )
    ends = {name: _mean_end(values) for name, values in losses.items()}
    apart = abs(ends[plain] - ends[other])
    text = (
        f"the loss falls from {_mean_end(losses[other][::-1]):.3f} to {ends[other]:.3f}, "
        f"{plain} ends at {ends[plain]:.3f}; {LOSS_TOLERANCE} apart are allowed"
    )
    if apart > LOSS_TOLERANCE:
        raise ValueError(text)
    return text


def _mean_end(losses: list[float]) -> float:
    return float(np.mean(losses[-max(1, len(losses) // 4) :]))


def check_padding(setup: Setup) -> tuple[str, Figures]:
    """Score rows in batches padded to their own longest row, and to the baseline's length."""
    workload = setup.timed_workload()
    counting = CountingWorkload(**vars(workload))
    train_ours(counting)
    tokens = counting.tokens[True]
    model = workload.build_model().to(resolve_device("auto")).eval()
    rows = workload.encode_rows()
    size = setup.sizes.evaluation_batch_size
    found = predict_logits(model, rows, size, "fp32")[:size]
    wanted = _score_padded(model, rows.__getitems__(list(range(min(size, len(rows))))), rows)
    apart = float(np.abs(found - wanted).max())
    text = f"logits differ by {apart:.1e} at most; {_PADDING_TOLERANCE:g} is allowed"
    if not apart <= _PADDING_TOLERANCE:
        raise ValueError(text)
    return text, {"padded tokens, training": f"{tokens['padded'] / tokens['all']:.1%}"}


@torch.no_grad()
def _score_padded(model: RelationModel, batch: Any, rows: Any) -> Any:
    inputs = {k: v for k, v in batch.items() if k not in NOT_FOR_THE_MODEL}
    padded = pad_batch(inputs, rows.padding_id, PADDED_TOKENS)
    return model(**on_device(padded, next(model.parameters()).device)).float().cpu().numpy()


def check_resume(setup: Setup) -> tuple[str, Figures]:
    """Kill a training in a process of its own, go on with it, and compare with an unbroken one."""
    workload = _resumable(setup)
    with tempfile.TemporaryDirectory() as folder:
        broken, unbroken = Path(folder) / "broken", Path(folder) / "unbroken"
        broken.mkdir()
        child = get_context("spawn").Process(target=train_and_die, args=(setup, broken))
        child.start()
        child.join()
        if child.exitcode != -signal.SIGKILL:
            raise ValueError(f"the process to be killed ended with {child.exitcode}")
        checkpoint = last_whole_checkpoint(broken)
        if checkpoint is None:
            raise ValueError("the killed training left no checkpoint to go on from")
        resumed = learn(workload, broken)
        wanted = learn(workload, unbroken)
    apart = max(
        float(np.abs(resumed.validation_logits - wanted.validation_logits).max()),
        float(np.abs(np.subtract(read_losses(resumed), read_losses(wanted))).max()),
    )
    allowed = _RESUME_TOLERANCE[resolve_device("auto").type]
    text = (
        f"killed in step 10, gone on from {checkpoint.name}: logits and losses differ by "
        f"{apart:.1e} at most from an unbroken training; {allowed:g} is allowed"
    )
    if not apart <= allowed:
        raise ValueError(text)
    return text, {}


def _resumable(setup: Setup) -> Any:
    # With dropout, so that random states that were not restored would show; the best state by the
    # loss is the last one, which the kill had a part in.
    return setup.learning_workload(checkpoint_every_steps=4, max_steps=15, select_by="loss")


def train_and_die(setup: Setup, folder: Path) -> None:
    """Train until the process kills itself within the tenth step."""
    forward, steps = RelationModel.forward, iter(range(1, 100))

    def forward_or_die(self: RelationModel, *args: Any, **kwargs: Any) -> Any:
        if self.training and next(steps) == 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return forward(self, *args, **kwargs)

    RelationModel.forward = forward_or_die  # type: ignore[method-assign]
    learn(_resumable(setup), folder)


def check_memory(setup: Setup) -> tuple[str, Figures]:
    """Run out of memory by a batch far too large, then go on by a small one."""
    require_gpu()
    small = with_settings(setup.timed_workload(), batch_size=8, max_steps=2)
    learn(small)
    limit_memory(_MEMORY_FACTOR)
    rows = len(small.features)
    try:
        learn(with_settings(small, batch_size=rows))
    except RuntimeError as error:
        message = str(error)
    else:
        raise ValueError(f"a batch of {rows} rows fitted where running out was wanted")
    if f"training.batch_size={rows}" not in message or "Halve" not in message:
        raise ValueError(f"the message does not name the settings to lower: {message}")
    gc.collect()  # the trainer that failed refers to itself
    learn(small)
    return f"{rows} rows in a batch: the settings to lower were named; then 8 rows worked", {}


def limit_memory(factor: float) -> None:
    """Allow this process so many times the GPU memory that it has needed by now."""
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(
        min(1.0, factor * torch.cuda.max_memory_reserved() / total)
    )
