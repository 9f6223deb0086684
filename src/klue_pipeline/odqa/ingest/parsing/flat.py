"""A question a row: the contest's folders, rows of the hub, JSON lines, and tables of one's own."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from klue_pipeline.odqa.ingest.parsing.raw_question import (
    UNANSWERABLE,
    RawQuestion,
    read_question,
)
from klue_pipeline.odqa.settings.ingest_params import QuestionColumns
from klue_pipeline.text.csv_lines import hint_at_header
from klue_pipeline.text.records.cells import is_gap, read_name
from klue_pipeline.text.records.json_records import Record
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.records.tables import ABSENT, find_value, read_records
from klue_pipeline.text.shortened import list_shortly

_KINDS = {"1": "paraphrase", "2": "multi_sentence", "3": UNANSWERABLE}
"""Names of KLUE-MRC's types of questions (Park et al., KLUE, 2021, section 3.7)."""

_LOOKED_AT = 100
"""Records whose keys are looked at to learn which columns there are: JSON leaves empty ones out."""


def parse(raw: RawFile) -> Iterator[RawQuestion]:
    """Read rows with ``id`` (or ``guid``), ``question`` and, where they are known, the others.

    Raises:
        ValueError: The file is not whole, or no row has a question.
    """
    records = read_records(raw, "question")
    first = list(islice(records, _LOOKED_AT))
    _require_column(first, "question", raw.name, "question")
    return number_rows(chain(first, records))


def number_rows(records: Iterable[Record]) -> Iterator[RawQuestion]:
    """Read records in the fields of the known formats, one by one."""
    for row_number, record in enumerate(records, start=1):
        if isinstance(record, str):
            yield RawQuestion(row_number, None, problem=record)
            continue
        row_id = next((record[key] for key in ("id", "guid") if key in record), None)
        yield read_question(row_number, {**record, "id": row_id, "kind": _kind(record)})


def _kind(record: Mapping[str, Any]) -> str | None:
    if record.get("is_impossible") is True:
        return UNANSWERABLE
    kind = read_name(record.get("question_type"))
    return _KINDS.get(kind or "", kind)


def parse_table(raw: RawFile, columns: QuestionColumns, part: str) -> Iterator[RawQuestion]:
    """Read the rows of a table of one's own.

    Args:
        raw: The file.
        columns: Which of its columns holds what.
        part: What the questions are for; those of a table without ids are called after it.

    Raises:
        ValueError: The file is not whole, or a column that the settings name is not there.
    """
    records = read_records(raw, columns.question)
    first = list(islice(records, _LOOKED_AT))
    fields = _resolve(first, columns, raw.name)
    for row_number, record in enumerate(chain(first, records), start=1):
        if isinstance(record, str):
            yield RawQuestion(row_number, None, problem=record)
            continue
        values = {field: _value(record, column) for field, column in fields.items()}
        named = values if "id" in fields else {**values, "id": f"{part}_{row_number}"}
        yield read_question(row_number, {**named, "answers": _answers(values)})


def parse_lines(raw: RawFile, part: str) -> Iterator[RawQuestion]:
    """Read text with a question a line, blank lines left out.

    Args:
        raw: The file.
        part: What the questions are for; they are called after it.
    """
    texts = (line.strip() for line in raw.lines())
    for row_number, text in enumerate(filter(None, texts), start=1):
        yield read_question(row_number, {"id": f"{part}_{row_number}", "question": text})


def _resolve(first: list[Record], columns: QuestionColumns, name: str) -> dict[str, str]:
    """Return the column of each field, of those that the file has."""
    _require_column(first, columns.question, name, "question")
    found = {}
    for field, column in columns:
        if column is not None and _is_there(first, column):
            found[field] = column
        elif column not in (None, field):
            _require_column(first, column, name, field)
    return found


def _is_there(first: list[Record], column: str) -> bool:
    return any(find_value(record, column) is not ABSENT for record in first)


def _require_column(first: list[Record], column: str, name: str, field: str) -> None:
    if not first or _is_there(first, column):
        return
    keys = dict.fromkeys(key for row in first if isinstance(row, Mapping) for key in row)
    if not keys:
        raise ValueError(f"{name} has no row that can be read: {first[0]}")
    raise ValueError(
        f"{name} has no column {column}; it has {list_shortly(keys)}."
        f"{hint_at_header(keys, [column])} Say which of them holds what, with "
        f"odqa.ingest.format=table and odqa.ingest.columns.{field}=<column>."
    )


def _value(record: Mapping[str, Any], column: str) -> Any:
    value = find_value(record, column)
    return None if value is ABSENT or is_gap(value) else value


def _answers(values: Mapping[str, Any]) -> Any:
    """Bring an answer and its place into the form of the known formats."""
    answer = values.get("answer")
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        return None
    start = values.get("answer_start")
    return {"text": answer} if start in (None, "") else {"text": answer, "answer_start": start}
