"""Rows without labels, a chunk at a time: those that a model can read, and those that it cannot."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import pandas as pd

from klue_pipeline.relation.ingest.parsing import TABLE, RawFile, RawRow, TableLayout, detect_format
from klue_pipeline.relation.ingest.parsing.table import UNLABELLED
from klue_pipeline.relation.ingest.row_checks import TEXT_CHECKS, RowProblem, RowRules, find_problem
from klue_pipeline.relation.ingest.sentence_table import build_sentences
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams, TableColumns

_NOT_IN_NEW_ROWS = {**UNLABELLED, "source": None}
_KLUE_FIELD = "subject_entity"


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

    def __len__(self) -> int:
        """Return the number of rows, good and bad."""
        return len(self.row_numbers) + len(self.problems)


def choose_format(
    raw: RawFile, predict: PredictParams, ingest: IngestParams
) -> tuple[str, TableLayout]:
    """Return the format of a file of new rows, and the layout that counts if it is a table.

    Args:
        raw: The file.
        predict: What is said of it.
        ingest: What is said of the training rows, which holds where nothing else is said.
    """
    names_columns = predict.columns != TableColumns()
    name: str = predict.format
    if name == "auto":
        name = TABLE if names_columns or ingest.format == TABLE else _detect(raw)
    named = predict.columns if names_columns else ingest.columns
    ends = predict.ends or ingest.ends
    columns = named.model_copy(update=_NOT_IN_NEW_ROWS)
    return name, TableLayout(columns, ends_are_inclusive=ends == "inclusive", setting="predict")


def _detect(raw: RawFile) -> str:
    """Return a known format if the content shows one; JSON is KLUE's only with KLUE's fields."""
    first = next(iter(raw.records), {}) if raw.records is not None else raw.head()
    try:
        name = detect_format(raw)
    except ValueError:
        return TABLE
    return TABLE if name == "klue" and _KLUE_FIELD not in first else name


def cut_chunks(rows: Iterable[RawRow], chunk_rows: int) -> Iterator[Chunk]:
    """Cut rows into chunks, and part those that can be read from those that cannot.

    Args:
        rows: Rows of any format, in file order.
        chunk_rows: Rows in a chunk.
    """
    remaining = iter(rows)
    while part := list(islice(remaining, chunk_rows)):
        yield _sort_out(part)


def _sort_out(rows: list[RawRow]) -> Chunk:
    found = [(row, find_problem(row, RowRules(), TEXT_CHECKS)) for row in rows]
    good = [replace(row, given_fold=None) for row, problem in found if problem is None]
    named = [replace(row, row_id=row.row_id or f"row_{row.row_number}") for row in good]
    return Chunk(
        sentences=build_sentences(named, [None] * len(named)),
        row_numbers=[row.row_number for row in good],
        problems=[problem for _, problem in found if problem is not None],
    )
