"""How time and memory of each stage grow with the number of passages."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.markdown import write_table
from benchmarks.retrieval.corpus import write_documents
from benchmarks.retrieval.stages import DOCUMENTS, SLOW, STAGES

_FEW_DOCUMENTS = 50
_SCRIPT = Path(__file__).with_name("stages.py")

Growth = dict[str, dict[str, dict[str, float]]]
"""Stage -> number of documents -> what was measured."""


def measure_growth(sizes: list[int], slow_sizes: list[int], rounds: int) -> Growth:
    """Measure each stage at each size in a process of its own.

    Args:
        sizes: Numbers of documents, the smallest first.
        slow_sizes: Those for the stages that take long.
        rounds: How often; the sizes take turns.
    """
    with tempfile.TemporaryDirectory() as folder:
        warm = _make_folder(Path(folder), _FEW_DOCUMENTS)
        for prepare in STAGES.values():
            prepare(warm)()
        folders = {size: _make_folder(Path(folder), size) for size in sizes}
        measured = [_measure_sizes(folders, slow_sizes, warm) for _ in range(rounds)]
    return {
        stage: {str(size): _summarise([each[stage, size] for each in measured]) for size in found}
        for stage in STAGES
        if (found := [size for name, size in measured[0] if name == stage])
    }


def _make_folder(parent: Path, size: int) -> Path:
    folder = parent / str(size)
    folder.mkdir()
    write_documents(folder / DOCUMENTS, size)
    return folder


def _measure_sizes(
    folders: dict[int, Path], slow_sizes: list[int], warm: Path
) -> dict[tuple[str, int], dict[str, float]]:
    return {
        (stage, size): _run_stage(stage, folder, warm)
        for stage in STAGES
        for size, folder in folders.items()
        if stage not in SLOW or size in slow_sizes
    }


def _run_stage(stage: str, folder: Path, warm: Path) -> dict[str, float]:
    command = [sys.executable, str(_SCRIPT), stage, str(folder), str(warm)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _summarise(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {
        "cpu_seconds": statistics.median(each["cpu_seconds"] for each in rounds),
        "peak_megabytes": max(each["peak_megabytes"] for each in rounds),
    }


def relative_costs(sizes: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the CPU time of a passage at each size, as a multiple of that at the smallest.

    >>> relative_costs({"10": {"cpu_seconds": 2.0}, "40": {"cpu_seconds": 6.0}})
    {'10': 1.0, '40': 0.75}
    """
    costs = {size: found["cpu_seconds"] / int(size) for size, found in sizes.items()}
    first = next(iter(costs.values()))
    return {size: cost / first for size, cost in costs.items()}


def write_growth(growth: dict[str, Any]) -> str:
    """Write two tables: the time of a passage relative to the smallest size, and peak memory."""
    sizes = list(max(growth.values(), key=len))
    header = ["stage", *(f"{int(size):,}" for size in sizes)]
    times, memory = [], []
    for stage, found in growth.items():
        costs = relative_costs(found)
        times.append([stage, *(f"{costs[s]:.2f}" if s in costs else "–" for s in sizes)])
        megabytes = {size: f"{each['peak_megabytes']:.0f}" for size, each in found.items()}
        memory.append([stage, *(megabytes.get(size, "–") for size in sizes)])
    return (
        f"CPU time of a passage, as a multiple of that at the smallest number of passages:\n\n"
        f"{write_table(header, times)}\n\nPeak memory of the process, MB:\n\n"
        f"{write_table(header, memory)}"
    )
