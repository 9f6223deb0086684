"""The table that ends ``kedro experiments``: on the console, and as a CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len

from klue_pipeline.commands.outcomes import Board, Line
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting.leaderboard import BEST
from klue_pipeline.runs.disk.atomic_file import written_beside
from klue_pipeline.text.csv_tables import encode_csv

_N_TEXTS = 2
"""Leading columns that are text: set to the left, numbers to the right."""
_NOTHING = "-"
_SHORT = {"micro_f1": "F1", "test_micro_f1": "test F1"}


def format_table(lines: Sequence[Line], board: Board) -> str:
    """Write the table for a console: aligned columns, then what they mean and what went wrong.

    Args:
        lines: The experiments.
        board: The leaderboard that their scores and differences are from.
    """
    titles = [_SHORT.get(name, _title(name)) for name in board.columns]
    header = ("experiment", "status", "seconds", *titles, "to the best")
    cells = [header, *(_cells(line, board.columns) for line in lines)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    rows = [_align(row, widths) for row in cells]
    return "\n".join([rows[0], "-" * cell_len(rows[0]), *rows[1:], *_remarks(lines, board)])


def save_table(
    lines: Sequence[Line], board: Board, path: Path, *, escape_formulas: bool = True
) -> None:
    """Write the table as CSV, every number in full, replacing the table of the call before."""
    table = pd.DataFrame([_record(line, board) for line in lines], dtype=object)
    with written_beside(path) as partial:
        partial.write_bytes(encode_csv(table, escape_formulas=escape_formulas))


def _title(column: str) -> str:
    test = "test " if column.startswith("test_") else ""
    return test + RELATION_SCORES.find(column.removeprefix("test_")).title


def _cells(line: Line, columns: Sequence[str]) -> tuple[str, ...]:
    outcome = line.outcome
    seconds = _NOTHING if outcome.seconds is None else f"{outcome.seconds:.0f}"
    scores = [f"{line.scores[name]:.2f}" if name in line.scores else _NOTHING for name in columns]
    return (outcome.job.folder, outcome.status, seconds, *scores, _show_difference(line))


def _show_difference(line: Line) -> str:
    interval = line.difference
    if interval is None:
        return f"{BEST if line.verdict == BEST else _NOTHING} "
    star = "*" if interval.excludes_zero else " "
    return f"{interval.difference:+.2f} [{interval.low:+.2f}, {interval.high:+.2f}]{star}"


def _align(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Pad cells by the columns they take on a screen, of which Hangul takes two each."""
    padded = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if place < _N_TEXTS else space + cell)
    return "  ".join(padded).rstrip()


def _remarks(lines: Sequence[Line], board: Board) -> list[str]:
    notes = [f"{line.outcome.job.folder}: {line.note}" for line in lines if line.note]
    failures = [f"{line.outcome.job.folder} failed: {line.outcome.reason}" for line in lines
                if line.outcome.failed]  # fmt: skip
    return [*_explain_differences(lines, board), *notes, *failures]


def _explain_differences(lines: Sequence[Line], board: Board) -> list[str]:
    if not any(line.difference for line in lines):
        return []
    return [
        "Scores are those of the leaderboard. Differences are in "
        f"{board.ranked_by.title} to the best ({board.best}), with {board.confidence:.0%} "
        "intervals of paired bootstrap draws; * excludes 0."
    ]


def _record(line: Line, board: Board) -> dict[str, Any]:
    outcome, interval = line.outcome, line.difference
    return {
        "experiment": outcome.job.folder,
        "status": outcome.status,
        "seconds": outcome.seconds,
        **{name: line.scores.get(name) for name in board.columns},
        "compared_with": board.best if interval else None,
        "compared_by": board.ranked_by.name if interval else None,
        "difference": interval.difference if interval else None,
        "difference_low": interval.low if interval else None,
        "difference_high": interval.high if interval else None,
        "verdict": line.verdict or None,
        "error": outcome.reason or None,
    }
