"""Which device a model runs on, in which precision, and what to lower when its memory is full."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch

from klue_pipeline.training.params import Precision, TrainingParams

_AUTOCAST_TYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}
_BFLOAT16_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


def choose_device(params: TrainingParams) -> tuple[torch.device, Precision]:
    """Return where a training runs and in which precision.

    Raises:
        ValueError: This machine has no such device, or PyTorch cannot train so there.
    """
    device = resolve_device(params.device)
    return device, resolve_precision(params.precision, device)


def resolve_device(device: str, setting: str = "training.device") -> torch.device:
    """Turn a setting such as ``training.device`` into one device.

    ``auto`` means the first visible GPU where there is one, else the CPU. One process drives
    one device: several visible GPUs never become DataParallel.

    Args:
        device: What the setting says.
        setting: Its name, for messages.

    Raises:
        ValueError: A GPU was asked for that this machine does not have.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type == "cuda":
        count = torch.cuda.device_count()
        index = chosen.index if chosen.index is not None else 0
        if index >= count:
            raise ValueError(
                f"{setting} is {device}, but PyTorch sees {count} GPUs; "
                f"set {setting}=auto or cpu, or install a CUDA build of PyTorch."
            )
        return torch.device("cuda", index)
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"{setting} is mps, but this machine has no such device; set auto.")
    return chosen


def resolve_precision(
    precision: Precision, device: torch.device, setting: str = "training.precision"
) -> Precision:
    """Turn ``auto`` into fp16 on CUDA, bf16 on a CPU with bfloat16 instructions, else fp32.

    Args:
        precision: What the setting says.
        device: Where the model runs.
        setting: Its name, for messages.

    Raises:
        ValueError: fp16 was asked for on a CPU, where PyTorch cannot train with it.
    """
    if precision == "fp16" and device.type != "cuda":
        raise ValueError(f"{setting}=fp16 needs a GPU; this is {device.type}, set auto.")
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "fp16"
    return "bf16" if device.type == "cpu" and _cpu_has_bfloat16() else "fp32"


def _cpu_has_bfloat16() -> bool:
    # Without these instructions PyTorch emulates bfloat16, several times slower than float32.
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return False
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.lower().startswith(("flags", "features")):
            return not _BFLOAT16_CPU_FLAGS.isdisjoint(line.split())
    return False


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the autocast context of a resolved precision; nothing happens for fp32."""
    if precision not in _AUTOCAST_TYPES:
        return nullcontext()
    return torch.autocast(device.type, dtype=_AUTOCAST_TYPES[precision])


@contextmanager
def explain_out_of_memory(params: TrainingParams) -> Iterator[None]:
    """Turn a GPU's out-of-memory error into one that names the settings to lower.

    Raises:
        RuntimeError: The GPU's memory did not suffice.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        size = "batch_size" if params.tokens_per_batch is None else "tokens_per_batch"
        raise RuntimeError(
            f"The GPU ran out of memory at training.{size}={getattr(params, size)}, "
            f"training.max_tokens={params.max_tokens} and training.evaluation_batch_size="
            f"{params.evaluation_batch_size}. Halve training.{size} and double "
            "training.accumulation_steps (about as many rows in a step), or lower "
            "training.max_tokens; if it happened while scoring, lower "
            "training.evaluation_batch_size (same result)."
        ) from error
