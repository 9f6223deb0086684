"""Rows that cannot be used: counted, tabled, and too many of them refused."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from klue_pipeline.text.counts import counted
from klue_pipeline.text.shortened import shorten

REJECTED_COLUMNS = ("file", "row_number", "row_id", "reason", "detail")
_REASONS_SHOWN = 3


class NumberedRow(Protocol):
    """Whatever has a place in a file, and maybe an id."""

    @property
    def row_number(self) -> int:
        """Return its place as a person counts, from 1."""
        ...

    @property
    def row_id(self) -> str | None:
        """Return its id, None where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be used: a reason to count, and what was found in this row."""

    row: NumberedRow
    reason: str
    detail: str


def table_problems(file_name: str, problems: Iterable[RowProblem]) -> pd.DataFrame:
    """Write problems as a table of schema ``RejectedRows``, in the order of the file."""
    lines = [
        (file_name, problem.row.row_number, problem.row.row_id, problem.reason, problem.detail)
        for problem in problems
    ]
    table = pd.DataFrame(lines, columns=list(REJECTED_COLUMNS))
    types = {name: "int64" if name == "row_number" else "str" for name in REJECTED_COLUMNS}
    return table.astype(types)


def count_reasons(problems: Iterable[RowProblem]) -> str:
    """Return how often each reason occurs in words, the most frequent first.

    >>> count_reasons([])
    'none'
    """
    counts = Counter(problem.reason for problem in problems).most_common()
    return ", ".join(f"{reason} {n_rows:,}" for reason, n_rows in counts) or "none"


def require_few_problems(
    file_name: str,
    n_rows: int,
    problems: Sequence[RowProblem],
    max_share: float,
    setting: str = "ingest.max_rejected_share",
) -> None:
    """Stop when too many rows are bad to be an accident.

    Args:
        file_name: The file, for the message.
        n_rows: All its rows, good and bad.
        problems: Its bad rows.
        max_share: Largest share of bad rows that passes, from 0 to 1.
        setting: What holds that share.

    Raises:
        ValueError: Naming the share, the top reasons with an example each, and the setting.
    """
    share = len(problems) / n_rows
    if share <= max_share:
        return
    raise ValueError(
        f"{file_name}: {len(problems):,} of {n_rows:,} rows ({share:.1%}) cannot be used; "
        f"{setting} allows {max_share:.1%}.\n{_examples(problems)}\n"
        f"Correct the file, or set {setting} higher to go on with the other rows."
    )


def require_rows(
    file_name: str,
    n_good: int,
    problems: Sequence[RowProblem],
    remedy: str = "say in ingest what its columns hold",
) -> None:
    """Stop where all rows of a file are bad.

    Args:
        file_name: The file, for the message.
        n_good: Rows that can be used.
        problems: The others.
        remedy: What else there is to do than to correct the file.

    Raises:
        ValueError: Naming how many rows there are and the top reasons, with an example each.
    """
    if not n_good:
        raise ValueError(
            f"{file_name}: none of its {len(problems):,} rows can be used.\n{_examples(problems)}\n"
            f"Correct the file, or {remedy}."
        )


def _examples(problems: Sequence[RowProblem]) -> str:
    first_of = {problem.reason: problem for problem in reversed(problems)}
    top = Counter(problem.reason for problem in problems).most_common(_REASONS_SHOWN)
    return "\n".join(
        f"- {reason}: {counted(n_rows, 'row')}, such as row {first_of[reason].row.row_number} "
        f"(id {shorten(str(first_of[reason].row.row_id))}): {first_of[reason].detail}"
        for reason, n_rows in top
    )
