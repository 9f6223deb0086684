"""What the device can do, and how fast ours is on it beside the baselines of ``run.py``."""

import gc
import statistics
from collections.abc import Callable, Iterable, Mapping

import torch

from benchmarks.contenders import CONTENDERS
from benchmarks.gpu_checks.setup import Setup
from benchmarks.gpu_checks.training import Figures, gpu_has_bfloat16
from benchmarks.inference import PREDICTORS
from benchmarks.machine import NUMBER_TYPES, count_operations, measure_peak
from benchmarks.memory import read_peak_megabytes
from benchmarks.workload import Workload
from klue_pipeline.training.device import resolve_device, resolve_precision

_SHARE_OF_TIME = 0.6
"""No round starts after this share of a check's seconds."""


def describe_device(setup: Setup) -> tuple[str, Figures]:
    """Say what there is, and the best rates of its matrix products."""
    if setup.device == "cpu":
        return f"CPU, PyTorch {torch.__version__}", {}
    if not torch.cuda.is_available():
        raise ValueError(
            f"PyTorch {torch.__version__} sees no CUDA device; --device cpu --size tiny runs the "
            "script on a CPU"
        )
    gpu = torch.cuda.get_device_properties(0)
    text = (
        f"{gpu.name}, compute capability {gpu.major}.{gpu.minor}, {gpu.total_memory / 2**30:.0f} "
        f"GiB, PyTorch {torch.__version__}, CUDA {torch.version.cuda}"
    )
    peaks = {name: measure_peak(name) / 1e12 for name in NUMBER_TYPES}
    return text, {f"peak of {k} matrix products, TFLOP/s": f"{v:.1f}" for k, v in peaks.items()}


def compare_training(setup: Setup) -> tuple[str, Figures]:
    """Train by the project's trainer, the contest baseline and a tuned plain Trainer in turn."""
    workload = setup.timed_workload()
    contenders = dict(CONTENDERS)
    if torch.cuda.is_available() and not gpu_has_bfloat16():
        del contenders["tuned plain Trainer"]  # it asks for bfloat16
    seconds, memory, rounds = alternate(contenders, workload, setup)
    precision = resolve_precision("auto", resolve_device("auto"))
    share = count_operations(workload) / seconds["ours"] / measure_peak(precision)
    return _describe(rounds, workload, seconds, CONTENDERS), {
        **_as_ratios("training", seconds),
        f"training: share of the {precision} matrix peak": f"{share:.0%}",
        **{f"training: peak memory, {name}, GiB": f"{size:.2f}" for name, size in memory.items()},
    }


def compare_inference(setup: Setup) -> tuple[str, Figures]:
    """Score rows by the project's prediction and in padded batches of float32 in turn."""
    workload = setup.timed_workload()
    seconds, memory, rounds = alternate(PREDICTORS, workload, setup)
    return _describe(rounds, workload, seconds, PREDICTORS), {
        **_as_ratios("inference", seconds),
        **{f"inference: peak memory, {name}, GiB": f"{size:.2f}" for name, size in memory.items()},
    }


def alternate(
    contenders: Mapping[str, Callable[[Workload], float]], workload: Workload, setup: Setup
) -> tuple[dict[str, float], dict[str, float], int]:
    """Let contenders run in turn for as many rounds as there is time, once at least.

    A baseline for which the GPU's memory does not suffice takes no further part.

    Returns:
        By contender the median of its seconds and the most memory it held, in GiB: the GPU's, on a
        CPU that of the process so far. And the number of rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    memory: dict[str, float] = {}
    rounds = 0
    while rounds == 0 or (rounds < setup.sizes.rounds and not setup.has_used(_SHARE_OF_TIME)):
        rounds += 1
        for name in list(seconds):
            _forget_memory()
            try:
                seconds[name].append(contenders[name](workload))
            except torch.cuda.OutOfMemoryError:
                if name == "ours":
                    raise
                del seconds[name]
            else:
                memory[name] = _read_peak_gibibytes()
    return {name: statistics.median(values) for name, values in seconds.items()}, memory, rounds


def _forget_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _read_peak_gibibytes() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**30
    return read_peak_megabytes() / 1024


def _describe(
    rounds: int, workload: Workload, seconds: dict[str, float], wanted: Iterable[str]
) -> str:
    rows = len(workload.features)
    lacking = [name for name in wanted if name not in seconds]
    return f"{rounds} rounds of {rows} rows, medians; ours {rows / seconds['ours']:.0f} rows/s" + (
        f"; without {' and '.join(lacking)}, for lack of memory or of bfloat16" if lacking else ""
    )


def _as_ratios(title: str, seconds: dict[str, float]) -> Figures:
    return {
        f"{title}: ours / {name}": f"{value / seconds['ours']:.2f}"
        for name, value in seconds.items()
        if name != "ours"
    }
