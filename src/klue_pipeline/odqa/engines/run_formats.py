"""Files that other engines leave -> for each question what they found, in the file's own words.

Read are a table of ids (``question_id,passage_id``, with ``rank`` or ``score`` or both), the six
columns of TREC, and the contest's ``retrieved_df``: a row for each question with the texts that
were found, as a list or joined.
"""

import ast
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from klue_pipeline.text.csv_lines import first_line, read_lines, read_table
from klue_pipeline.text.shortened import shorten

_TREC_COLUMNS = ("question_id", "q0", "passage_id", "rank", "score", "tag")
_TEXT_COLUMNS = ("context", "contexts")
_QUESTION_COLUMNS = ("id", "question_id", "question")
_WANTED = (
    "Wanted is a CSV with the columns question_id, passage_id and rank or score; lines of TREC "
    "(question Q0 passage rank score tag); or a CSV with id or question, and context or contexts"
)


class RawRun(Protocol):
    """One raw file, not yet understood."""

    @property
    def name(self) -> str:
        """The file as the user wrote it; messages name it."""
        ...

    @property
    def text(self) -> str | None:
        """Its content; None for a file of records."""
        ...

    @property
    def records(self) -> Iterable[Mapping[str, Any]] | None:
        """Its rows; None for text."""
        ...


@dataclass(frozen=True)
class FoundRow:
    """A passage, or several as text, that an engine found for a question.

    Attributes:
        question: An id or the question's text.
        passage: A passage's id; None where texts were written.
        texts: Texts of passages, best first; each may be several passages, joined.
        order: What rows of a question are sorted by, best first: score from the highest, then rank.
        score: As the file has it; None where it has none.
    """

    question: str
    passage: str | None
    texts: tuple[str, ...]
    order: tuple[float, float]
    score: float | None


def read_found(raw: RawRun) -> tuple[str, Iterator[FoundRow]]:
    """Return the name of the format that the content shows, and its rows.

    Raises:
        ValueError: It is in no known format; reading on, that a row does not follow it.
    """
    columns = _columns_of(raw)
    for name, (is_seen_in, read_row) in _FORMATS.items():
        if is_seen_in(columns):
            rows = enumerate(_rows_of(raw, columns), start=1)
            return name, (_explained(read_row, row, f"{raw.name}, row {n}") for n, row in rows)
    if _is_trec(raw):
        return "trec", _read_trec(raw)
    raise ValueError(f"{raw.name} is no run: found {shorten(', '.join(columns))!r}. {_WANTED}.")


def _columns_of(raw: RawRun) -> list[str]:
    if raw.records is not None:
        return list(next(iter(raw.records), {}))
    text = raw.text or ""
    return first_line(text, _delimiter(text))


def _rows_of(raw: RawRun, columns: list[str]) -> Iterable[Mapping[str, Any]]:
    if raw.records is not None:
        return raw.records
    text = raw.text or ""
    wanted = [name for name in columns if name]
    return read_table(read_lines(text, _delimiter(text), raw.name), wanted, raw.name)


def _delimiter(text: str) -> str:
    return "\t" if "\t" in text.partition("\n")[0] else ","


def _explained(
    read_row: Callable[[Mapping[str, Any]], FoundRow], row: Mapping[str, Any], place: str
) -> FoundRow:
    try:
        return read_row(row)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def _read_ids(row: Mapping[str, Any]) -> FoundRow:
    score, rank = _number(row.get("score"), "score"), _number(row.get("rank"), "rank")
    if score is None and rank is None:
        raise ValueError("found neither a rank nor a score; one of them was wanted")
    order = (-(score or 0.0), rank or 0.0) if rank is None else (rank, 0.0)
    return FoundRow(_text(row["question_id"]), _text(row["passage_id"]), (), order, score)


def _read_texts(row: Mapping[str, Any]) -> FoundRow:
    question = next(_text(row[name]) for name in _QUESTION_COLUMNS if name in row)
    cell = next(row[name] for name in _TEXT_COLUMNS if name in row)
    return FoundRow(question, None, _list_texts(cell), (0.0, 0.0), None)


def _list_texts(cell: Any) -> tuple[str, ...]:
    """Return the texts of a cell: a list, a list that was written out, or one text."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        for read in (json.loads, ast.literal_eval):
            try:
                cell = read(cell)
                break
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue  # a text may begin with a bracket
    if isinstance(cell, str) or cell is None:
        return (cell,) if cell else ()
    return tuple(map(_text, cell))


def _number(value: Any, name: str) -> float | None:
    if value is None or value == "":
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} is {value}; a number was wanted")
    return number


def _text(value: Any) -> str:
    return str(value).strip()


def _is_trec(raw: RawRun) -> bool:
    fields = (raw.text or "").partition("\n")[0].split()
    return len(fields) == len(_TREC_COLUMNS) and fields[3].isdecimal()


def _read_trec(raw: RawRun) -> Iterator[FoundRow]:
    for number, line in enumerate((raw.text or "").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        place = f"{raw.name}, line {number}"
        if len(fields) != len(_TREC_COLUMNS):
            raise ValueError(f"{place}: found {len(fields)} fields, wanted {len(_TREC_COLUMNS)}.")
        yield _explained(_read_ids, dict(zip(_TREC_COLUMNS, fields, strict=True)), place)


_FORMATS: dict[str, tuple[Callable[[list[str]], bool], Callable[[Mapping[str, Any]], FoundRow]]] = {
    "ids": (lambda names: {"question_id", "passage_id"} <= set(names), _read_ids),
    "texts": (
        lambda names: (
            any(name in names for name in _TEXT_COLUMNS)
            and any(name in names for name in _QUESTION_COLUMNS)
        ),
        _read_texts,
    ),
}
"""How each format with columns is known by them, and how its rows are read."""
