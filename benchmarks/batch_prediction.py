"""Labelling new rows: the batch job against the Python API called row by row, and its memory.

    python benchmarks/batch_prediction.py --model <folder of an exported experiment> --rows test.csv

Both sides have the same models loaded and take the same rows, in turn. The job reads, checks,
encodes, scores and writes; the loop only calls the classifier on rows that are parsed already.
Memory is that of processes of their own, which label the file repeated more and more often.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.markdown import write_table
from benchmarks.memory import read_peak_megabytes
from klue_pipeline.base_settings import LARGEST
from klue_pipeline.datasets.inputs.new_rows import NewRowsDataset
from klue_pipeline.datasets.tables.predictions import PredictionsDataset
from klue_pipeline.relation.inference.batch_prediction import BatchPrediction
from klue_pipeline.relation.inference.classifier import RelationClassifier
from klue_pipeline.relation.ingest.parsing import RawFile, choose_format, iterate_rows
from klue_pipeline.relation.ingest.unlabelled_rows import sort_out
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams, TableColumns

COLUMNS = ["sentence", "subject_text", "subject_start", "subject_end", "subject_type",
           "object_text", "object_start", "object_end", "object_type"]  # fmt: skip


def read_params(chunk_rows: int) -> tuple[PredictParams, IngestParams]:
    """Return settings under which a file's format is seen by its content."""
    predict = PredictParams(input=None, format="auto", ends=None, folds=None, with_text=True,
                            output_format="csv", chunk_rows=chunk_rows)  # fmt: skip
    ingest = IngestParams(
        format="auto", label_set="auto", max_rejected_share=0, seed=0, columns=TableColumns()
    )
    return predict, ingest


def make_job(classifier: RelationClassifier, raw: RawFile, chunk_rows: int) -> BatchPrediction:
    """Prepare the labelling of a file as the pipeline's node does."""
    params, ingest = read_params(chunk_rows)
    layout = choose_format(raw, params, ingest)
    return BatchPrediction(raw, layout, classifier.classify, classifier.labels, params)


def read_first(rows: str, n_rows: int) -> pd.DataFrame:
    """Read the first rows of a file as a table of sentences."""
    raw = NewRowsDataset(source=rows).load()
    _, parsed = iterate_rows(raw, *choose_format(raw, *read_params(n_rows)))
    return sort_out(islice(parsed, n_rows)).sentences


def time_job(classifier: RelationClassifier, rows: str, chunk_rows: int) -> float:
    """Label a file by the batch job, files written; return rows a second."""
    with tempfile.TemporaryDirectory() as folder:
        job = make_job(classifier, NewRowsDataset(source=rows).load(), chunk_rows)
        started_at = time.perf_counter()
        PredictionsDataset(filepath=folder, source=rows).save(job)
        seconds = time.perf_counter() - started_at
    return job.tally.n_answered / seconds


def time_calls(classifier: RelationClassifier, rows: str, n_rows: int) -> float:
    """Call the classifier on each of the first rows by itself; return rows a second."""
    calls = read_first(rows, n_rows).to_dict("records")
    started_at = time.perf_counter()
    for row in calls:
        classifier(
            row["sentence"],
            subject=(row["subject_start"], row["subject_end"]),
            object=(row["object_start"], row["object_end"]),
            subject_type=row["subject_type"],
            object_type=row["object_type"],
        )
    return len(calls) / (time.perf_counter() - started_at)


def repeat_rows(rows: str, n_rows: int, folder: Path) -> Path:
    """Write the rows of a file as JSON lines, over and over until there are so many."""
    table = read_first(rows, LARGEST)[COLUMNS]
    renamed = table.rename(columns={"subject_text": "subject", "object_text": "object"})
    lines = renamed.to_json(orient="records", lines=True, force_ascii=False).splitlines()
    path = folder / f"{n_rows}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{lines[number % len(lines)]}\n" for number in range(n_rows))
    return path


def measure_memory(model: str, rows: Path, chunk_rows: int) -> int:
    """Label a file in a process of its own; return its peak memory in MB."""
    command = [sys.executable, __file__, "--model", model, "--rows", str(rows)]
    command += ["--chunk-rows", str(chunk_rows), "--memory-only"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return int(done.stdout.split()[-1])


def report_speed(arguments: argparse.Namespace) -> None:
    """Measure both ways in turn and print their medians and their ratio."""
    classifier = RelationClassifier.from_pretrained(arguments.model)
    time_calls(classifier, arguments.rows, 8)  # the first call warms up
    jobs, calls = [], []
    for _ in range(arguments.rounds):
        calls.append(time_calls(classifier, arguments.rows, arguments.calls))
        jobs.append(time_job(classifier, arguments.rows, arguments.chunk_rows))
    rates = statistics.median(jobs), statistics.median(calls)
    print(repr(classifier))
    lines = [["batch job", f"{rates[0]:.1f}"], ["one call a row", f"{rates[1]:.1f}"]]
    print(write_table(["", "rows a second"], lines))
    print(f"The batch job is {rates[0] / rates[1]:.2f} times as fast.")


def report_memory(arguments: argparse.Namespace) -> None:
    """Measure the peak memory of longer and longer files and print it."""
    with tempfile.TemporaryDirectory() as folder:
        files = {n: repeat_rows(arguments.rows, n, Path(folder)) for n in arguments.sizes}
        lines = [
            [f"{n_rows:,}", str(measure_memory(arguments.model, path, arguments.chunk_rows))]
            for n_rows, path in files.items()
        ]
    print(write_table(["rows", "peak memory, MB"], lines))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True, help="folder of an exported experiment")
    parser.add_argument("--rows", required=True, help="rows in a format that is recognised")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=300, help="rows that are called one by one")
    parser.add_argument("--chunk-rows", type=int, default=4096)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8192, 32768])
    parser.add_argument("--memory-only", action="store_true", help="label the rows, print the peak")
    chosen = parser.parse_args(arguments)
    if chosen.memory_only:
        time_job(RelationClassifier.from_pretrained(chosen.model), chosen.rows, chosen.chunk_rows)
        print(round(read_peak_megabytes()))
        return
    report_speed(chosen)
    report_memory(chosen)


if __name__ == "__main__":
    main()
