"""Measure the project against plain baselines and print ratios; ``make bench ENCODER=<folder>``.

Contenders run in alternation in one process, so that a machine whose speed drifts treats them
alike; every figure is the median over the rounds. Absolute times mean nothing elsewhere.
"""

import argparse
import logging
import statistics
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.contenders import CONTENDERS, train_ours
from benchmarks.inference import PREDICTORS
from benchmarks.machine import count_forward_operations, count_operations, measure_peak
from benchmarks.memory import read_peak_megabytes
from benchmarks.stages import time_data_stages, time_model_stages
from benchmarks.workload import Workload, make_workload, write_results

_SAMPLE = "data/01_raw/sample/train.csv"
_RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run the benchmarks that were asked for and print their tables."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    results: dict[str, object] = {}
    for name in arguments.only or list(BENCHMARKS):
        results[name] = BENCHMARKS[name](arguments)
    if arguments.save:
        write_results(_RESULTS, results)


def measure_memory(arguments: argparse.Namespace) -> dict[str, float]:
    """Print the peak memory of the process after training many rows; it comes before all else."""
    workload = _workload(arguments, arguments.memory_rows)
    seconds = train_ours(workload)
    peak = read_peak_megabytes()
    print(f"Memory: {peak:.0f} MB at most in a training of {arguments.memory_rows} rows, "
          f"{arguments.memory_rows / seconds:.1f} rows/s\n")  # fmt: skip
    return {"rows": arguments.memory_rows, "peak_megabytes": peak}


def compare_training(arguments: argparse.Namespace) -> dict[str, float]:
    """Print rows a second of training, and the ratio of ours to each baseline."""
    workload = _workload(arguments, arguments.rows)
    seconds = _alternate(CONTENDERS, workload, arguments.rounds)
    ratios = _print_ratios("Training", seconds, arguments.rows)
    share = count_operations(workload) / seconds["ours"] / measure_peak("auto")
    print(f"  share of the peak of matrix products in its number type: {100 * share:.0f} %\n")
    return {**ratios, "share_of_peak": share}


def compare_inference(arguments: argparse.Namespace) -> dict[str, float]:
    """Print rows a second of prediction, the ratio of ours to padded float32, and its limit.

    The limit is what the ratio would be if both used the same share of their peaks.
    """
    workload = _workload(arguments, arguments.rows)
    seconds = _alternate(PREDICTORS, workload, arguments.rounds)
    ratios = _print_ratios("Inference", seconds, arguments.rows)
    operations = {
        name: count_forward_operations(partial(predict, workload))
        for name, predict in PREDICTORS.items()
    }
    peaks = dict(zip(PREDICTORS, map(measure_peak, ("auto", "fp32")), strict=True))
    shares = {name: operations[name] / seconds[name] / peaks[name] for name in PREDICTORS}
    ours, padded = PREDICTORS
    limit = operations[padded] / operations[ours] * peaks[ours] / peaks[padded]
    for name, share in shares.items():
        print(f"  {name:20} {100 * share:5.0f} % of the peak of its number type")
    print(f"  at the same share ours would be {limit:5.2f} times as fast\n")
    return {**ratios, **{f"share_of_peak, {name}": share for name, share in shares.items()},
            "limit": limit}  # fmt: skip


def measure_growth(arguments: argparse.Namespace) -> dict[str, dict[int, float]]:
    """Print the seconds of each stage by rows, and the growth per fourfold or double the rows."""
    workload = _workload(arguments, max(arguments.model_rows))
    # The first call of each library pays for its imports; that is no growth.
    time_data_stages(arguments.train, min(arguments.data_rows), workload)
    data = {n: time_data_stages(arguments.train, n, workload) for n in arguments.data_rows}
    model = {n: time_model_stages(workload, n) for n in arguments.model_rows}
    _print_growth("Stages before training", data)
    _print_growth("Training and prediction", model)
    return {**_by_stage(data), **_by_stage(model)}


def _by_stage(seconds: dict[int, dict[str, float]]) -> dict[str, dict[int, float]]:
    stages = next(iter(seconds.values()))
    return {stage: {rows: seconds[rows][stage] for rows in seconds} for stage in stages}


BENCHMARKS: dict[str, Callable[[argparse.Namespace], object]] = {
    "memory": measure_memory,
    "training": compare_training,
    "inference": compare_inference,
    "growth": measure_growth,
}


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", required=True, help="folder or hub id of the encoder")
    parser.add_argument("--layers", type=int, default=4, help="layers of it to keep (default 4)")
    parser.add_argument("--train", default=_SAMPLE, help="contest CSV to take rows from")
    parser.add_argument("--rows", type=int, default=512, help="rows of a round (default 512)")
    parser.add_argument("--batch-size", type=int, default=32, help="rows in a batch (default 32)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    parser.add_argument("--memory-rows", type=int, default=16000, help="rows whose training's "
                        "peak memory is measured (default 16000)")  # fmt: skip
    parser.add_argument("--data-rows", type=int, nargs="+", default=[2000, 8000, 32000])
    parser.add_argument("--model-rows", type=int, nargs="+", default=[500, 1000, 2000])
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, help="some of the benchmarks")
    parser.add_argument(
        "--save", action="store_true", help=f"write {_RESULTS.name} beside this file"
    )
    return parser.parse_args()


def _workload(arguments: argparse.Namespace, rows: int) -> Workload:
    return make_workload(
        arguments.train, arguments.encoder, arguments.layers, rows, arguments.batch_size
    )


def _alternate(
    contenders: dict[str, Callable[[Workload], float]], workload: Workload, rounds: int
) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run(workload))
    return {name: statistics.median(values) for name, values in seconds.items()}


def _print_ratios(title: str, seconds: dict[str, float], rows: int) -> dict[str, float]:
    print(f"{title}, {rows} rows, medians")
    ratios = {}
    for name, value in seconds.items():
        ratios[f"ours / {name}"] = value / seconds["ours"]
        print(
            f"  {name:20} {rows / value:8.1f} rows/s   ours is "
            f"{value / seconds['ours']:5.2f} times as fast"
        )
    print()
    return ratios


def _print_growth(title: str, seconds: dict[int, dict[str, float]]) -> None:
    sizes = list(seconds)
    print(f"{title}: seconds, and rows a second at the last size over those at the first")
    print("  " + " " * 10 + "".join(f"{size:>10}" for size in sizes) + "   rows/s ratio")
    for stage in seconds[sizes[0]]:
        values = [seconds[size][stage] for size in sizes]
        ratio = (sizes[-1] / values[-1]) / (sizes[0] / values[0])
        print(f"  {stage:10}" + "".join(f"{v:10.2f}" for v in values) + f"{ratio:15.2f}")
    print()


if __name__ == "__main__":
    main()
