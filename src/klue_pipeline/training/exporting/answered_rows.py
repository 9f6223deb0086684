"""A file of new rows of any length, answered by a model, a chunk in memory at a time."""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar, Generic, TypeVar

import pandas as pd
from tqdm import tqdm

from klue_pipeline.text.counts import counted
from klue_pipeline.text.records.problems import NumberedRow, RowProblem, table_problems
from klue_pipeline.text.records.raw_file import FormatError

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=NumberedRow)


@dataclass(frozen=True)
class AnsweredChunk:
    """Predictions for some rows, and those that got none.

    Attributes:
        predictions: A line for each row that could be answered.
        rejected: The others; schema ``RejectedRows``.
    """

    predictions: pd.DataFrame
    rejected: pd.DataFrame


@dataclass
class Tally:
    """How many rows went which way, and an example of each reason to reject one."""

    answers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_of: dict[str, RowProblem] = field(default_factory=dict)

    def add(self, answers: Iterable[str], problems: Sequence[RowProblem]) -> None:
        """Count a chunk."""
        self.answers.update(answers)
        self.reasons.update(problem.reason for problem in problems)
        for problem in problems:
            self.first_of.setdefault(problem.reason, problem)

    @property
    def n_answered(self) -> int:
        """Rows that got an answer."""
        return self.answers.total()

    @property
    def n_rejected(self) -> int:
        """Rows that could not be answered."""
        return self.reasons.total()

    def describe_rejected(self) -> str:
        """Return how often each reason occurred, each with its first row."""
        return "; ".join(
            f"{reason} {n_rows:,}, such as row {self.first_of[reason].row.row_number}: "
            f"{self.first_of[reason].detail}"
            for reason, n_rows in self.reasons.most_common()
        )


@dataclass(frozen=True)
class AnswerWords:
    """What is said of rows and their answers.

    Attributes:
        noun: What a row is.
        verb: What is done to it.
        done: The participle of that.
        counted_as: What the rows together were, before it is told how many got which answer.
        if_none: What to do where no row can be answered.
        if_other_format: What to do where the file does not follow its format.
    """

    noun: str
    verb: str
    done: str
    counted_as: str
    if_none: str
    if_other_format: str


class AnsweredRows(ABC, Generic[Row]):
    """Rows that are read, answered and handed out in chunks, as they are asked for.

    Nothing happens before somebody iterates, which may be done once; afterwards ``tally`` is whole.
    A row that cannot be read or answered is set aside, and the others go on. Where the file breaks
    off after some rows, or the model does, what is answered stays; ``broken_off`` says why.

    Args:
        name: The file.
        format_name: What it is read as.
        output_format: How predictions are to be written.
        chunk_rows: Rows in memory at a time.
    """

    words: ClassVar[AnswerWords]

    def __init__(self, name: str, format_name: str, output_format: str, chunk_rows: int) -> None:
        self.name = name
        self.output_format = output_format
        self.tally = Tally()
        self.broken_off = ""
        self._format_name, self._chunk_rows = format_name, chunk_rows

    def __iter__(self) -> Iterator[AnsweredChunk]:
        """Answer the file, with a progress bar on a terminal.

        Raises:
            ValueError: The file does not follow its format, has no rows, or none could be answered.
        """
        description = f"{self.words.verb} {self.name}"
        with tqdm(desc=description, unit=f" {self.words.noun}s", disable=None, leave=False) as bar:
            rows_left = self._rows()
            while rows := list(islice(rows_left, self._chunk_rows)):
                answered = self._answer_or_break_off(rows)
                if answered is None:
                    break
                yield answered
                bar.update(len(answered.predictions) + len(answered.rejected))
        self._require_some()
        self._log()

    @abstractmethod
    def _read(self) -> Iterator[Row]:
        """Yield the rows of the file."""

    @abstractmethod
    def _unreadable(self, row_number: int, problem: str) -> Row:
        """Return a row of which nothing but its place is known."""

    @abstractmethod
    def _answer(self, rows: list[Row]) -> tuple[pd.DataFrame, list[RowProblem]]:
        """Return the predictions for some rows, and why others have none."""

    @abstractmethod
    def _count(self, predictions: pd.DataFrame) -> Iterable[str]:
        """Return what the tally counts each prediction as."""

    def _rows(self) -> Iterator[Row]:
        n_read = 0
        try:
            for row in self._read():
                yield row
                n_read += 1
        except FormatError as error:
            raise ValueError(f"{error} {self.words.if_other_format}") from error
        except Exception as error:  # text, JSON, Parquet and what packs files raise their own
            if not n_read:
                raise
            self.broken_off = f"{self.name} cannot be read beyond row {n_read:,}: {error}"
            yield self._unreadable(n_read + 1, f"the file breaks off here: {error}")

    def _answer_or_break_off(self, rows: list[Row]) -> AnsweredChunk | None:
        try:
            predictions, problems = self._answer(rows)
        except Exception as error:  # of the model or its device, for all rows from here on
            if not self.tally.n_answered:
                raise
            n_done = self.tally.n_answered + self.tally.n_rejected
            self.broken_off = (
                f"{self.name} cannot be {self.words.done} beyond row {n_done:,}: {error}"
            )
            return None
        self.tally.add(self._count(predictions), problems)
        return AnsweredChunk(predictions, table_problems(self.name, problems))

    def _require_some(self) -> None:
        if self.tally.n_answered:
            return
        if not self.tally.n_rejected:
            raise ValueError(
                f"{self.name} has no {self.words.noun}s; give a file with at least one."
            )
        raise ValueError(
            f"None of {counted(self.tally.n_rejected, self.words.noun)} of {self.name}, read as "
            f"{self._format_name}, can be {self.words.done}: {self.tally.describe_rejected()}. "
            f"{self.words.if_none}"
        )

    def _log(self) -> None:
        words, common = self.words, self.tally.answers.most_common(5)
        logger.info(
            "%s: %s %s: %s",
            self.name,
            counted(self.tally.n_answered, words.noun),
            words.counted_as,
            ", ".join(f"{n_rows:,} {answer}" for answer, n_rows in common),
        )
        if self.tally.n_rejected:
            logger.warning(
                "%s: %s could not be %s (%s)",
                self.name,
                counted(self.tally.n_rejected, words.noun),
                words.done,
                self.tally.describe_rejected(),
            )
