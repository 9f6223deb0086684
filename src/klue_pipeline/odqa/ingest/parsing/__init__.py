"""Raw questions of every known format -> rows of one shape.

Adding a format means a function and its lines in both tables here, and its name in
``QuestionFormat``. The format ``table`` is everybody's own: settings say which column holds what.
"""

import json
import re
from collections.abc import Callable, Iterator

from klue_pipeline.odqa.ingest.parsing import flat, nested
from klue_pipeline.odqa.ingest.parsing.raw_question import RawQuestion
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams, QuestionColumns
from klue_pipeline.text.records.raw_file import FormatError, RawFile
from klue_pipeline.text.shortened import shorten

_TABLE, _LINES = "table", "lines"
_TEXT_FILE = ".txt"
_NESTED = re.compile(r'"(data|paragraphs)"\s*:\s*\[')

PARSERS: dict[str, Callable[[RawFile], Iterator[RawQuestion]]] = {
    "contest": flat.parse,
    "klue_mrc": nested.parse,
    "squad": nested.parse,
    "json_lines": flat.parse,
}
"""How the questions of each known format are read."""


def _is_nested(raw: RawFile) -> bool:
    head = raw.head().lstrip()
    return head.startswith("{") and bool(_NESTED.search(head)) and not _is_row(head)


def _is_row(head: str) -> bool:
    try:
        first = json.loads(head.partition("\n")[0])
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(first, dict) and "question" in first


SIGNS: dict[str, tuple[Callable[[RawFile], bool], str]] = {
    "contest": (lambda raw: not raw.is_text, "a folder of save_to_disk, Parquet or a hub split"),
    "klue_mrc": (lambda raw: _is_nested(raw) and '"guid"' in raw.head(), "JSON with data and guid"),
    "squad": (_is_nested, "JSON with data"),
    "json_lines": (
        lambda raw: raw.head().lstrip().startswith(("{", "[")),
        "a JSON object a line, or a JSON list",
    ),
}
"""How each format is known by its content, as a test and in words; the first that fits wins."""


def detect_format(raw: RawFile) -> str:
    """Return the name of the format that the content shows.

    Raises:
        FormatError: None fits; the message shows the first line and how formats are known.
    """
    for name, (is_seen_in, _) in SIGNS.items():
        if is_seen_in(raw):
            return name
    first = next((line for line in raw.head().splitlines() if line.strip()), "")
    if "question" in re.split(r"[,;\t]", first.replace('"', "")):
        return _TABLE
    if first and raw.name.lower().endswith(_TEXT_FILE):
        return _LINES
    known = "; ".join(f"{name}: {words}" for name, (_, words) in SIGNS.items())
    raise FormatError(
        f"{raw.name} is in no known format: its first line is {shorten(first)!r}. Known formats "
        f"are {known}; table: a header line with a column question; lines: a question a line, in a "
        f"file whose name ends in {_TEXT_FILE}. Name the columns of your own table with "
        "odqa.ingest.columns."
    )


def read_questions(raw: RawFile, ingest: OdqaIngestParams, part: str) -> list[RawQuestion]:
    """Read all questions of a file in the format that is set, or that is seen under ``auto``.

    Args:
        raw: The file.
        ingest: The settings.
        part: What the questions are for.

    Raises:
        ValueError: The format is unknown, the file does not follow it, or it has no questions.
    """
    found = list(iterate_questions(raw, choose_format(raw, ingest), ingest.columns, part))
    if not found:
        raise ValueError(f"{raw.name} has no questions; give a file with at least one.")
    return found


def choose_format(raw: RawFile, ingest: OdqaIngestParams) -> str:
    """Return the format that is set, or that is seen under ``auto``; named columns are a table's.

    Raises:
        FormatError: None is seen.
    """
    if ingest.format != "auto":
        return ingest.format
    return _TABLE if ingest.columns != QuestionColumns() else detect_format(raw)


def iterate_questions(
    raw: RawFile, format_name: str, columns: QuestionColumns, part: str
) -> Iterator[RawQuestion]:
    """Read the questions of a file one by one.

    Args:
        raw: The file.
        format_name: One of ``QuestionFormat`` but ``auto``.
        columns: Those of a table.
        part: What the questions are for.

    Raises:
        ValueError: The file does not follow its format.
    """
    if format_name == _TABLE:
        return flat.parse_table(raw, columns, part)
    return flat.parse_lines(raw, part) if format_name == _LINES else PARSERS[format_name](raw)


__all__ = [
    "PARSERS",
    "SIGNS",
    "RawQuestion",
    "choose_format",
    "detect_format",
    "iterate_questions",
    "read_questions",
]
