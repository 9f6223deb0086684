"""The table that ends ``kedro experiments``: on the console, and as a CSV file."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from klue_pipeline.commands.comparison import N_RESAMPLES, Row
from klue_pipeline.datasets.atomic_file import written_beside
from klue_pipeline.evaluation.intervals import CONFIDENCE, Interval

_HEADER = (
    "experiment", "status", "seconds", "F1", "AUPRC", "test F1", "test AUPRC",
    "F1 difference", "AUPRC difference",
)  # fmt: skip
_N_TEXTS = 2
"""Leading columns that are text: set to the left, numbers to the right."""

_METRICS = ("micro_f1", "auprc", "test_micro_f1", "test_auprc")
_COMPARED = ("micro_f1", "auprc")
_NOTHING = "-"


def format_table(rows: Sequence[Row], reference: str) -> str:
    """Write the table for a console: aligned columns, then what they mean and what went wrong.

    Args:
        rows: The experiments.
        reference: The experiment that the others are compared with.
    """
    cells = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = [_align(line, widths) for line in cells]
    return "\n".join([lines[0], "-" * cell_len(lines[0]), *lines[1:], *_remarks(rows, reference)])


def save_table(rows: Sequence[Row], reference: str, path: Path) -> None:
    """Write the table as CSV, every number in full, replacing the table of the call before."""
    records = [_record(row, reference) for row in rows]
    with written_beside(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def _cells(row: Row) -> tuple[str, ...]:
    outcome = row.outcome
    seconds = _NOTHING if outcome.seconds is None else f"{outcome.seconds:.0f}"
    metrics = [f"{row.metrics[name]:.2f}" if name in row.metrics else _NOTHING for name in _METRICS]
    differences = [_show_interval(row.differences.get(name)) for name in _COMPARED]
    return (outcome.job.folder, outcome.status, seconds, *metrics, *differences)


def _show_interval(interval: Interval | None) -> str:
    if interval is None:
        return _NOTHING + " "
    star = "*" if interval.excludes_zero else " "
    return f"{interval.difference:+.2f} [{interval.low:+.2f}, {interval.high:+.2f}]{star}"


def _align(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Pad cells by the columns they take on a screen, of which Hangul takes two each."""
    padded = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if place < _N_TEXTS else space + cell)
    return "  ".join(padded).rstrip()


def _remarks(rows: Sequence[Row], reference: str) -> list[str]:
    failures = [f"{row.outcome.job.folder} failed: {row.outcome.reason}" for row in rows
                if row.outcome.failed]  # fmt: skip
    notes = [f"{row.outcome.job.folder}: {row.note}" for row in rows if row.note]
    return [*_explain_differences(rows, reference), *notes, *failures]


def _explain_differences(rows: Sequence[Row], reference: str) -> list[str]:
    if not any(row.differences for row in rows):
        return []
    return [
        f"F1 and AUPRC are out of fold. Differences are to {reference}, with {CONFIDENCE:.0%} "
        f"intervals of {N_RESAMPLES} paired bootstrap draws; * excludes 0."
    ]


def _record(row: Row, reference: str) -> dict[str, Any]:
    outcome = row.outcome
    compared: dict[str, Any] = {}
    for name in _COMPARED:
        interval = row.differences.get(name)
        for part in ("difference", "low", "high"):
            compared[f"{name}_{part}"] = None if interval is None else getattr(interval, part)
    return {
        "experiment": outcome.job.folder,
        "status": outcome.status,
        "seconds": outcome.seconds,
        **{name: row.metrics.get(name) for name in _METRICS},
        "compared_with": reference if row.differences else None,
        **compared,
        "error": outcome.reason or None,
    }
