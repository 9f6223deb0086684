"""Measure reading: training and reading against padded batches, questions a second, and growth.

    python benchmarks/reading/run.py [--full] [--encoder <folder or hub id>] [--save]
    python benchmarks/reading/run.py --questions <JSON lines> --save <name>

What is compared takes turns, so that a machine whose speed drifts treats all alike.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.reading.answering import measure_answering, passages_of, write_answering
from benchmarks.reading.contenders import measure_reading, measure_training, write_windows
from benchmarks.reading.growth import measure_growth, write_growth
from benchmarks.reading.workload import ReadingWorkload, make_workload, read_gold_questions
from benchmarks.retrieval.corpus import SAMPLE_QUESTIONS
from benchmarks.retrieval.run import describe_machine
from benchmarks.workload import write_results

RESULTS = Path(__file__).parents[1] / "results.json"
KIND = "reading: "
"""Begins the sections of :data:`RESULTS` that are of these benchmarks."""
_SAMPLE = "sample"

_SHORT: dict[str, Any] = {
    "trained": 96, "read": 192, "answered": 24, "rounds": 1, "sizes": [50, 200],
    "depths": [1, 5, 10],
}  # fmt: skip
_FULL: dict[str, Any] = {
    "trained": 512, "read": 1024, "answered": 100, "rounds": 3, "sizes": [50, 200, 800, 3200],
    "depths": [1, 5, 10, 20, 40],
}  # fmt: skip


def main() -> None:
    """Run the benchmarks that were asked for and print their tables."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    print(describe_machine())
    for name in arguments.only:
        measured = MEASURES[name](arguments)
        print(f"\n{name}: {WRITERS[name](measured)}", flush=True)
        if arguments.save:
            write_results(RESULTS, {f"{KIND}{name}: {arguments.save}": measured})


def _workload(arguments: argparse.Namespace, n_questions: int) -> ReadingWorkload:
    examples = read_gold_questions(Path(arguments.questions), n_questions)
    return make_workload(examples, arguments.encoder, arguments.layers)


def _measure_training(arguments: argparse.Namespace) -> dict[str, Any]:
    return measure_training(_workload(arguments, arguments.trained), arguments.rounds)


def _measure_reading(arguments: argparse.Namespace) -> dict[str, Any]:
    return measure_reading(_workload(arguments, arguments.read), arguments.rounds)


def _measure_answering(arguments: argparse.Namespace) -> dict[str, Any]:
    workload = _workload(arguments, sys.maxsize)
    asked = workload.examples[["question_id", "question"]].head(arguments.answered)
    passages = passages_of(workload.examples)
    return measure_answering(workload, passages, asked, arguments.top_k, arguments.rounds)


def _measure_growth(arguments: argparse.Namespace) -> dict[str, Any]:
    return measure_growth(Path(arguments.questions), arguments.sizes, arguments.depths)


MEASURES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "training": _measure_training,
    "reading": _measure_reading,
    "answering": _measure_answering,
    "growth": _measure_growth,
}
WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "training": write_windows,
    "reading": write_windows,
    "answering": write_answering,
    "growth": write_growth,
}


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="more windows, questions and rounds")
    parser.add_argument("--encoder", default="scratch", help="folder or hub id (default scratch)")
    parser.add_argument("--layers", type=int, help="layers of it to keep (default all)")
    parser.add_argument("--questions", default=str(SAMPLE_QUESTIONS), help="JSON lines")
    parser.add_argument("--trained", type=int, help="questions whose windows are trained on")
    parser.add_argument("--read", type=int, help="questions whose windows are read")
    parser.add_argument("--answered", type=int, help="questions to answer")
    parser.add_argument("--top-k", type=int, default=10, help="passages read for each of them")
    parser.add_argument("--rounds", type=int, help="alternating rounds")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of questions, of growth")
    parser.add_argument("--depths", type=int, nargs="+", help="passages for each, of growth")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=[*MEASURES])
    parser.add_argument(
        "--save", nargs="?", const=_SAMPLE, help=f"write {RESULTS.name}, by the name given"
    )
    arguments = parser.parse_args()
    for name, value in (_FULL if arguments.full else _SHORT).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    return arguments


if __name__ == "__main__":
    main()
