"""Measure retrieval: search against rank_bm25, embedding against padded batches, and growth.

    python benchmarks/retrieval/run.py [--full] [--encoder <folder or hub id>] [--save]
    python benchmarks/retrieval/run.py --documents <file> --questions <JSON lines> --save <name>

What is compared takes turns, so that a machine whose speed drifts treats all alike.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.retrieval.corpus import (
    SAMPLE_QUESTIONS,
    read_questions,
    split_file,
    write_documents,
)
from benchmarks.retrieval.embedding import measure_embedding, write_embedding
from benchmarks.retrieval.growth import measure_growth, write_growth
from benchmarks.retrieval.latency import measure_latency, write_latency
from benchmarks.workload import write_results

RESULTS = Path(__file__).parents[1] / "results.json"
KIND = "retrieval: "
"""Begins the sections of :data:`RESULTS` that are of these benchmarks."""
_SAMPLE = "sample"

_SHORT: dict[str, Any] = {
    "passages": 4000, "n_questions": 60, "embedded": 128, "rounds": 1,
    "sizes": [1000, 4000], "slow_sizes": [1000, 4000],
}  # fmt: skip
_FULL: dict[str, Any] = {
    "passages": 16000, "n_questions": 200, "embedded": 512, "rounds": 3,
    "sizes": [1000, 4000, 16000, 64000], "slow_sizes": [1000, 4000, 16000],
}  # fmt: skip


def main() -> None:
    """Run the benchmarks that were asked for and print their tables."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    print(describe_machine())
    for name in arguments.only:
        measured = MEASURES[name](arguments)
        print(f"\n{WRITERS[name](measured)}", flush=True)
        if arguments.save:
            write_results(RESULTS, {f"{KIND}{name}: {arguments.save}": measured})


def _measure_latency(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    questions = read_questions(Path(arguments.questions), arguments.n_questions)
    return measure_latency(_read_passages(arguments), questions, arguments.rounds)


def _measure_embedding(arguments: argparse.Namespace) -> dict[str, Any]:
    passages = _read_passages(arguments)
    if len(passages) > arguments.embedded:
        passages = passages.sample(arguments.embedded, random_state=0).sort_index()
    return measure_embedding(passages, arguments.encoder, arguments.layers, arguments.rounds)


def _measure_growth(arguments: argparse.Namespace) -> dict[str, Any]:
    return measure_growth(arguments.sizes, arguments.slow_sizes, arguments.rounds)


MEASURES: dict[str, Callable[[argparse.Namespace], Any]] = {
    "latency": _measure_latency,
    "embedding": _measure_embedding,
    "growth": _measure_growth,
}
WRITERS: dict[str, Callable[[Any], str]] = {
    "latency": write_latency,
    "embedding": write_embedding,
    "growth": write_growth,
}


def describe_machine() -> str:
    """Say how many cores there are, and what kept them busy before."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before."


def _read_passages(arguments: argparse.Namespace) -> pd.DataFrame:
    if arguments.documents:
        return split_file(Path(arguments.documents))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        write_documents(path, arguments.passages)
        return split_file(path)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="more passages and rounds")
    parser.add_argument("--encoder", default="scratch", help="folder or hub id (default scratch)")
    parser.add_argument("--layers", type=int, help="layers of it to keep (default all)")
    parser.add_argument("--documents", help="file to take passages from; growth is then left out")
    parser.add_argument("--questions", default=str(SAMPLE_QUESTIONS), help="JSON lines")
    parser.add_argument("--passages", type=int, help="of the sample's script, to search in")
    parser.add_argument("--n-questions", type=int)
    parser.add_argument("--embedded", type=int, help="passages to embed")
    parser.add_argument("--rounds", type=int, help="alternating rounds")
    parser.add_argument("--sizes", type=int, nargs="+", help="of growth")
    parser.add_argument("--slow-sizes", type=int, nargs="+", help="of growth of slow stages")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help="some of the benchmarks")
    parser.add_argument(
        "--save", nargs="?", const=_SAMPLE, help=f"write {RESULTS.name}, by the name given"
    )
    arguments = parser.parse_args()
    for name, value in (_FULL if arguments.full else _SHORT).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    if arguments.only is None:
        arguments.only = [name for name in MEASURES if name != "growth" or not arguments.documents]
    return arguments


if __name__ == "__main__":
    main()
