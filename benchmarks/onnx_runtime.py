"""Labelling on a CPU: PyTorch in bf16 against ONNX graphs in float32 and in int8.

    python benchmarks/onnx_runtime.py --models <folder of an experiment> --rows test.csv

The folder holds `exported`, `onnx` and `onnx_int8`. All three label the same rows through the
Python API, from sentences to probabilities, in turn; which one begins changes from round to round.
The first model of the experiment alone is asked. PyTorch takes bf16 where the CPU has it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.batch_prediction import read_first
from benchmarks.markdown import write_table
from klue_pipeline.relation.inference.checkpoints import find_checkpoints
from klue_pipeline.relation.inference.classifier import RelationClassifier

FOLDERS = {"PyTorch": "exported", "ONNX float32": "onnx", "ONNX int8": "onnx_int8"}
FIRST = next(iter(FOLDERS))


def load(models: Path, batch_size: int) -> dict[str, RelationClassifier]:
    """Load the first model of each kind, on the CPU."""
    return {
        name: RelationClassifier.from_pretrained(
            find_checkpoints(models / folder)[0], device="cpu", batch_size=batch_size
        )
        for name, folder in FOLDERS.items()
    }


def label(
    classifier: RelationClassifier, rows: pd.DataFrame, batch_size: int
) -> NDArray[np.float64]:
    """Label rows; at batch 1 each is a call of its own, as a server gets them."""
    if batch_size > 1:
        return classifier.classify(rows)
    return np.concatenate([classifier.classify(rows.iloc[[place]]) for place in range(len(rows))])


def take_turns(
    classifiers: dict[str, RelationClassifier], rows: pd.DataFrame, batch_size: int, rounds: int
) -> tuple[dict[str, list[float]], dict[str, NDArray[np.float64]]]:
    """Let each label all rows in turn; return the seconds of every round, and the last answers."""
    seconds: dict[str, list[float]] = {name: [] for name in classifiers}
    answers = {name: label(each, rows[:8], batch_size) for name, each in classifiers.items()}
    for number in range(rounds):
        names = list(classifiers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            started_at = time.perf_counter()
            answers[name] = label(classifiers[name], rows, batch_size)
            seconds[name].append(time.perf_counter() - started_at)
    return seconds, answers


def report(models: Path, rows: pd.DataFrame, batch_size: int, rounds: int) -> None:
    """Print rows a second, the ratio to PyTorch round by round, and the share of equal labels."""
    classifiers = load(models, batch_size)
    seconds, answers = take_turns(classifiers, rows, batch_size, rounds)
    best = {name: probabilities.argmax(axis=1) for name, probabilities in answers.items()}
    lines = []
    for name, took in seconds.items():
        ratios = [plain / own for plain, own in zip(seconds[FIRST], took, strict=True)]
        same = 100 * float((best[name] == best[FIRST]).mean())
        rate = len(rows) / statistics.median(took)
        shown = f"{name}, {classifiers[name].precision}" if name == FIRST else name
        lines.append([shown, f"{rate:.1f}", f"{statistics.median(ratios):.2f}", f"{same:.2f} %"])
    print(f"\nBatch {batch_size}, {len(rows)} rows, median of {rounds} rounds\n")
    print(write_table(["", "rows a second", "times PyTorch", "same label"], lines))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each size of batches."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", required=True, type=Path, help="folder of an experiment")
    parser.add_argument("--rows", required=True, help="rows in a format that is recognised")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--n-rows", type=int, default=512, help="rows that are labelled a round")
    chosen = parser.parse_args(arguments)
    rows = read_first(chosen.rows, chosen.n_rows)
    for batch_size in chosen.batch_sizes:
        report(chosen.models, rows, batch_size, chosen.rounds)


if __name__ == "__main__":
    main()
