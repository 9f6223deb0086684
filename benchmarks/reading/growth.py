"""How time and memory grow with the number of questions, and with that of passages read for each.

    python benchmarks/reading/growth.py <file of questions> <questions> <passages for each>

Each size is measured in a process of its own, with the lab book's tiny reader.
"""

import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.markdown import write_table
from benchmarks.memory import read_peak_megabytes
from benchmarks.reading.answering import passages_of, prepare_answering
from benchmarks.reading.workload import make_workload, read_gold_questions

TOP_K = 10
_FEW, _ALL = 5, sys.maxsize
_TAUGHT = 500


def measure_size(source: Path, n_questions: int, top_k: int) -> dict[str, float]:
    """Answer so many questions, and a few before.

    Args:
        source: JSON lines; its questions are asked in turn, and again if they do not suffice.
        n_questions: How many.
        top_k: Passages that are read for each.

    Returns:
        ``cpu_seconds`` of all threads, and ``peak_megabytes`` of this process.
    """
    examples = read_gold_questions(source, _ALL)
    workload = make_workload(examples.head(_TAUGHT), None)
    places = [place % len(examples) for place in range(n_questions)]
    questions = examples[["question"]].iloc[places].reset_index(drop=True)
    questions["question_id"] = "q" + pd.Series(range(n_questions)).astype(str)
    with tempfile.TemporaryDirectory() as folder:
        answering = prepare_answering(workload, passages_of(examples), Path(folder))
        answering.answer(questions.head(_FEW), top_k)  # imports, dictionaries: these are no growth
        began = time.process_time()
        answering.answer(questions, top_k)
        seconds = time.process_time() - began
    return {"cpu_seconds": seconds, "peak_megabytes": read_peak_megabytes()}


def measure_growth(source: Path, sizes: list[int], depths: list[int]) -> dict[str, Any]:
    """Measure all numbers of questions at one depth, and all depths at the smallest number.

    Args:
        source: JSON lines of questions.
        sizes: Numbers of questions, the smallest first.
        depths: Numbers of passages for each, the smallest first.
    """
    return {
        "depth": TOP_K,
        "size": sizes[0],
        "questions": {str(size): _run(source, size, TOP_K) for size in sizes},
        "passages": {str(depth): _run(source, sizes[0], depth) for depth in depths},
    }


def _run(source: Path, n_questions: int, top_k: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(source), str(n_questions), str(top_k)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def write_growth(result: dict[str, Any]) -> str:
    """Write two tables: the time of a question relative to the smallest size, and peak memory."""
    by_size, by_depth = result["questions"], result["passages"]
    costs = [found["cpu_seconds"] / int(size) for size, found in by_size.items()]
    depths = [found["cpu_seconds"] for found in by_depth.values()]
    return "\n\n".join(
        [
            f"{result['depth']} passages for each question:",
            _write_sizes("questions", by_size, [cost / costs[0] for cost in costs]),
            f"{result['size']:,} questions:",
            _write_sizes("passages for each", by_depth, [cost / depths[0] for cost in depths]),
        ]
    )


def _write_sizes(what: str, found: dict[str, Any], costs: list[float]) -> str:
    megabytes = [each["peak_megabytes"] for each in found.values()]
    return write_table(
        [what, *(f"{int(size):,}" for size in found)],
        [
            ["CPU time of a question, relative", *(f"{cost:.2f}" for cost in costs)],
            ["peak memory of the process, MB", *(f"{each:.0f}" for each in megabytes)],
        ],
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(measure_size(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
