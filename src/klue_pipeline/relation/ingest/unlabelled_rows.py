"""Rows without labels -> the normalised table.

Training can do without a bad row, a submission cannot: a test row that no model can read keeps its
line, says why, and is scored with the training prior later. New rows come a chunk at a time, and
those that cannot be read are set aside, as are those of rows that a student learns from.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.ingest.row_checks import (
    TEXT_CHECKS,
    RowRules,
    find_problem,
)
from klue_pipeline.relation.ingest.sentence_table import build_sentences
from klue_pipeline.text.counts import counted
from klue_pipeline.text.records.problems import (
    RowProblem,
    count_reasons,
    require_rows,
)
from klue_pipeline.text.shortened import shorten

NEUTRAL_SENTENCE = "- -"
"""Stands in for a test row that cannot be read; its entities are the two dashes."""

UNLABELLED_ID = "unlabelled:"
"""What the ids of rows without labels begin with that a student learns from."""

_SHOWN_PROBLEMS = 3

logger = logging.getLogger(__name__)


def normalise_test_rows(file_name: str, rows: Sequence[RawRow]) -> pd.DataFrame:
    """Write every test row as a line of the table, in file order.

    Labels are left out (gold labels are read on their own), and a type that training does not know
    is kept. A row without a usable sentence or entities becomes :data:`NEUTRAL_SENTENCE` and says
    why in ``problem``. An id that is missing or was there before is made unique and logged: the row
    itself can still be scored.

    Args:
        file_name: The test file, for messages.
        rows: All its rows in order.

    Returns:
        A table of schema ``TestSentences`` with exactly one line per row.

    Raises:
        ValueError: No row has a usable sentence and entities, so that nothing could be predicted.
    """
    row_ids = unique_ids(file_name, [row.row_id for row in rows])
    named = [
        replace(row, row_id=row_id, given_fold=None)
        for row, row_id in zip(rows, row_ids, strict=True)
    ]
    found = [find_problem(row, RowRules(), TEXT_CHECKS) for row in named]
    bad_rows = [problem for problem in found if problem]
    require_rows(file_name, len(rows) - len(bad_rows), bad_rows)
    _warn_of_problems(file_name, len(rows), bad_rows)
    lines = [_neutral(row) if bad else row for row, bad in zip(named, found, strict=True)]
    problems = [f"{bad.reason}: {bad.detail}" if bad else None for bad in found]
    table = build_sentences(lines, [None] * len(lines))
    return table.assign(problem=pd.Series(problems, dtype="str"))


def unique_ids(file_name: str, row_ids: Sequence[str | None]) -> list[str]:
    """Return ids that are all different, and log those that had to be changed for it.

    The same ids in the same order give the same answer, so that a gold file with the flaws of its
    test file still fits it.
    """
    unique = make_unique(row_ids)
    changed = [
        f"row {number}: {shorten(str(row_id))} -> {shorten(chosen)}"
        for number, (row_id, chosen) in enumerate(zip(row_ids, unique, strict=True), start=1)
        if row_id != chosen
    ]
    if changed:
        logger.warning(
            "%s: %d ids are missing or not unique and were changed (%s)",
            file_name,
            len(changed),
            "; ".join(changed[:_SHOWN_PROBLEMS]),
        )
    return unique


def make_unique(row_ids: Sequence[str | None]) -> list[str]:
    """Number the copies of an id, and name rows without one by their place.

    >>> make_unique(["7", "7", None])
    ['7', '7#2', 'row_3']
    """
    unique: dict[str, None] = {}
    for number, row_id in enumerate(row_ids, start=1):
        wanted = row_id or f"row_{number}"
        chosen, copy = wanted, 2
        while chosen in unique:
            chosen, copy = f"{wanted}#{copy}", copy + 1
        unique[chosen] = None
    return list(unique)


def _neutral(row: RawRow) -> RawRow:
    last = len(NEUTRAL_SENTENCE) - 1
    first_dash = RawEntity(NEUTRAL_SENTENCE[0], 0, 1, type=None)
    last_dash = RawEntity(NEUTRAL_SENTENCE[last], last, last + 1, type=None)
    return replace(row, sentence=NEUTRAL_SENTENCE, subject=first_dash, object=last_dash)


def _warn_of_problems(file_name: str, n_rows: int, problems: list[RowProblem]) -> None:
    if not problems:
        logger.info("%s: %d test rows read", file_name, n_rows)
        return
    logger.warning(
        "%s: %d test rows read; %d of them cannot be read by a model (%s) and will be scored with "
        "the share of each label in training. First: %s",
        file_name, n_rows, len(problems), count_reasons(problems), _describe_first(problems),
    )  # fmt: skip


def _describe_first(problems: Sequence[RowProblem]) -> str:
    first = problems[:_SHOWN_PROBLEMS]
    return "; ".join(f"row {bad.row.row_number}: {bad.detail}" for bad in first)


def normalise_unlabelled_rows(file_name: str, rows: Sequence[RawRow]) -> pd.DataFrame:
    """Write the rows that a student can learn from without labels, in file order.

    Ids begin with :data:`UNLABELLED_ID`, so that no labelled row has the same one. How many rows
    cannot be used is logged, with the reasons and the first of them.

    Args:
        file_name: The file, for messages.
        rows: All its rows in order.

    Returns:
        A table of schema ``TestSentences``.

    Raises:
        ValueError: No row can be used.
    """
    chunk = sort_out(rows)
    require_rows(file_name, len(chunk.sentences), chunk.problems)
    row_ids = unique_ids(file_name, chunk.sentences["row_id"].tolist())
    logger.info("%s: %d rows without labels read, %d kept", file_name, len(rows), len(row_ids))
    if chunk.problems:
        logger.warning(
            "%s: %s without labels cannot be used (%s). First: %s", file_name,
            counted(len(chunk.problems), "row"), count_reasons(chunk.problems),
            _describe_first(chunk.problems),
        )  # fmt: skip
    return chunk.sentences.assign(
        row_id=[f"{UNLABELLED_ID}{row_id}" for row_id in row_ids],
        problem=pd.Series([None] * len(row_ids), dtype="str"),
    )


def no_unlabelled_rows() -> pd.DataFrame:
    """Return a table of schema ``TestSentences`` without rows."""
    return build_sentences([], []).assign(problem=pd.Series([], dtype="str"))


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file.

    Attributes:
        sentences: Those that a model can read; schema ``TestSentences`` but for its ``problem``.
        row_numbers: Their places in the file, counted from 1.
        problems: The others, each with the reason.
    """

    sentences: pd.DataFrame
    row_numbers: list[int]
    problems: list[RowProblem]


def sort_out(rows: Iterable[RawRow]) -> Chunk:
    """Part rows of any format that can be read from those that cannot."""
    found = [(row, find_problem(row, RowRules(), TEXT_CHECKS)) for row in rows]
    good = [replace(row, given_fold=None) for row, problem in found if problem is None]
    named = [replace(row, row_id=row.row_id or f"row_{row.row_number}") for row in good]
    return Chunk(
        sentences=build_sentences(named, [None] * len(named)),
        row_numbers=[row.row_number for row in good],
        problems=[problem for _, problem in found if problem is not None],
    )
