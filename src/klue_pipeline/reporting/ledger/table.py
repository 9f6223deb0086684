"""The ledger as a table: what is a row of it, and how new rows join those that a person edited."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.reporting.task_scores import TaskScores

logger = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_NAMED = 10


PRIORS = ("given", "estimated", "plain")
"""The prior of a prediction, from what should be nearest to the contest's scores to what is not:
the prior that the user gave, one estimated from unlabelled test scores, or the training rows'."""


def predicted_columns(name: str) -> tuple[str, str, str]:
    """Return the columns of a predicted score and the two ends of its interval."""
    return f"predicted_{name}", f"predicted_{name}_low", f"predicted_{name}_high"


def public_column(name: str) -> str:
    """Return the column of what the contest said."""
    return f"public_{name}"


@dataclass(frozen=True)
class LedgerColumns:
    """The columns of a ledger, by the names of the scores that the contest publishes."""

    scores: tuple[str, ...]

    @classmethod
    def of_task(cls, scores: TaskScores) -> "LedgerColumns":
        """Return the columns of the ledger of a task."""
        return cls(tuple(score.name for score in scores.published))

    @property
    def public(self) -> list[str]:
        """What the contest said."""
        return [public_column(name) for name in self.scores]

    @property
    def predicted(self) -> list[str]:
        """What was predicted, with both ends of the interval."""
        return [column for name in self.scores for column in predicted_columns(name)]

    @property
    def numbers(self) -> list[str]:
        """Scores, 0 to 100; missing where nobody knows. All others hold text."""
        return [*self.predicted, *self.public]

    @property
    def yours(self) -> list[str]:
        """What a person fills in."""
        return ["submitted_at", *self.public, "note"]

    @property
    def named_anew(self) -> list[str]:
        """What is written again when the same file is made again: together it names one maker."""
        return ["file", "name", "members", "select_by"]

    @property
    def predicted_anew(self) -> list[str]:
        """What is written again if the file is made again with a prediction."""
        return [*self.predicted, "prior"]

    @property
    def all(self) -> list[str]:
        """All columns in their order."""
        made = ["sha256", "file", "created_at", "name", "members", "select_by"]
        return [*made, *self.predicted, "prior", *self.yours]

    def is_submitted(self, ledger: pd.DataFrame) -> pd.Series:
        """Tell which files were submitted: a person wrote when, or what came out."""
        return (ledger["submitted_at"] != "") | ledger[self.public].notna().any(axis=1)


def empty_ledger(columns: LedgerColumns) -> pd.DataFrame:
    """Return a ledger without rows."""
    return check_ledger(pd.DataFrame(columns=columns.all), columns)


def check_ledger(
    table: pd.DataFrame, columns: LedgerColumns, lines: Sequence[int] | None = None
) -> pd.DataFrame:
    """Bring a table to the ledger's form, or refuse it.

    Args:
        table: Cells as text or numbers, an empty text or NaN where there is nothing. Columns may
            be in any order; a person's and the predictions may be left out; there may be others.
        columns: The columns of the ledger.
        lines: The line of the file that each row begins at, for messages; None counts rows from 1.

    Returns:
        The ledger's columns in their order, then the others: scores as floats (NaN where there is
        none), all else as text (empty where there is none).

    Raises:
        ValueError: A column is missing; a row has no SHA-256, or that of another row; a score is no
            number from 0 to 100, or a public one is on the scale of 0 to 1; a prior is unknown.
            All are named by line.
    """
    optional = {*columns.yours, *columns.predicted}
    missing = [name for name in columns.all if name not in optional and name not in table]
    if missing:
        raise ValueError(
            f"The ledger has no column {', '.join(missing)}; found "
            f"{', '.join(map(str, table.columns))}. Columns are separated by commas, and all but "
            f"{', '.join(columns.yours)} are written by the pipelines."
        )
    texts = _as_texts(table, columns)
    word, numbers = ("row", range(1, len(texts) + 1)) if lines is None else ("line", lines)
    problems = list(_find_problems(texts, columns, [f"{word} {number}" for number in numbers]))
    if problems:
        more = [f"and {len(problems) - _MOST_NAMED} more"] if len(problems) > _MOST_NAMED else []
        raise ValueError("\n".join(["The ledger is wrong:", *problems[:_MOST_NAMED], *more]))
    return _with_types(texts, columns)


def merge_ledger(existing: pd.DataFrame, new: pd.DataFrame, columns: LedgerColumns) -> pd.DataFrame:
    """Add what was made to the ledger, and lose nothing of what a person wrote there.

    Args:
        existing: The ledger so far, checked.
        new: What :func:`~klue_pipeline.reporting.ledger.entries.tabulate_entries` gives. Of several
            rows of the same file, the first counts.
        columns: The columns of both.

    Returns:
        The rows of ``existing`` in their order, then those whose file is new. A file that was made
        again keeps its row; only what names it (where it lies, its maker and the members) and what
        is predicted for it (scores, intervals and prior together) are replaced. A prior without
        scores says that none can be predicted; without a prior, nobody was asked.
        The row of a file that another one has been written over leaves, unless a person wrote into
        it.

    Raises:
        ValueError: The new rows are no rows of a ledger.
    """
    entries = _check_new(new, columns)
    old, made = existing.set_index("sha256"), entries.set_index("sha256")
    again = old.index[old.index.isin(made.index)]
    judged = again[made.loc[again, "prior"] != ""]
    old.loc[again, columns.named_anew] = made.loc[again, columns.named_anew]
    old.loc[judged, columns.predicted_anew] = made.loc[judged, columns.predicted_anew]
    first = made[~made.index.isin(old.index)]
    is_gone = old["file"].isin(new["file"]) & ~old.index.isin(made.index)
    old = old[~is_gone | _is_annotated(old, columns)]
    return _with_types(_as_texts(pd.concat([old, first]).reset_index(), columns), columns)


def _is_annotated(ledger: pd.DataFrame, columns: LedgerColumns) -> pd.Series:
    """Tell which rows a person wrote into, in whichever column of theirs."""
    others = [name for name in ledger if name not in columns.all]
    return columns.is_submitted(ledger) | (ledger[["note", *others]] != "").any(axis=1)


def _check_new(new: pd.DataFrame, columns: LedgerColumns) -> pd.DataFrame:
    if new.empty:
        return empty_ledger(columns)
    entries = new.drop_duplicates("sha256")
    if len(entries) < len(new):
        logger.info(
            "%d candidates are %d files, as some are the same byte for byte; each file has one row "
            "in the ledger.",
            len(new),
            len(entries),
        )
    return check_ledger(entries, columns)


def _as_texts(table: pd.DataFrame, columns: LedgerColumns) -> pd.DataFrame:
    """Return all cells as text, the ledger's columns first and without blanks around."""
    others = [name for name in table if name not in columns.all]
    ordered = table.reindex(columns=[*columns.all, *others]).astype(object)
    texts = ordered.where(ordered.notna(), "").astype(str)
    stripped = {name: texts[name].str.strip() for name in columns.all if name != "note"}
    stripped["sha256"] = stripped["sha256"].str.lower()
    return texts.assign(**stripped).reset_index(drop=True)


def _with_types(texts: pd.DataFrame, columns: LedgerColumns) -> pd.DataFrame:
    numbers = {
        name: np.array([float(text) if text else np.nan for text in texts[name]], dtype=np.float64)
        for name in columns.numbers
    }
    return texts.assign(**numbers)


def _find_problems(
    texts: pd.DataFrame, columns: LedgerColumns, places: Sequence[str]
) -> Iterator[str]:
    counts = Counter(texts["sha256"])
    for place, row in zip(places, texts.to_dict("records"), strict=True):
        yield from (f"{place}: {problem}" for problem in _judge_name(row["sha256"], counts))
        for column in columns.numbers:
            problem = _judge_number(row[column], is_public=column in columns.public)
            if problem:
                yield f"{place}: {column} is {row[column]!r}; {problem}."
        if row["prior"] not in ("", *PRIORS):
            yield f"{place}: prior is {row['prior']!r}; {', '.join(PRIORS)} or nothing was wanted."


def _judge_name(sha256: str, counts: Counter[str]) -> Iterator[str]:
    if not _SHA256.fullmatch(sha256):
        yield (
            f"sha256 is {sha256!r}; 64 hexadecimal digits were wanted. kedro check-submission "
            "prints them for any file."
        )
    elif counts[sha256] > 1:
        yield f"{counts[sha256]} rows have sha256 {sha256[:12]}…; keep one of them."


def _judge_number(text: str, *, is_public: bool) -> str | None:
    """Say what is wrong with a score, which may be missing.

    >>> _judge_number("73.2", is_public=True)
    >>> _judge_number("0.732", is_public=True)
    'scores go from 0 to 100: write 73.2'
    """
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return "a number from 0 to 100 was wanted, with a point and without a unit, or nothing"
    if not 0 <= value <= PERCENT:
        return "a number from 0 to 100 was wanted"
    # A model that is right about nothing has 0 on either scale.
    if is_public and 0 < value <= 1:
        return f"scores go from 0 to 100: write {value * PERCENT:.6g}"
    return None
