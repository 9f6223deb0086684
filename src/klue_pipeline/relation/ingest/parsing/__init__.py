"""Raw files of every known format -> rows of one shape.

Each known format is a file of this package with ``parse`` (its rows) and ``is_seen_in`` (a look at
the content). Adding one means a file and a line in both tables here, and its name in
``InputFormat``. The format ``table`` is everybody's own: settings say which column holds what.
"""

from collections.abc import Callable, Iterator

from klue_pipeline.relation.ingest.parsing import contest_csv, klue, legacy_tsv, table
from klue_pipeline.relation.ingest.parsing.layout import UNLABELLED, TableLayout, layout_of
from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow, shorten
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams, TableColumns
from klue_pipeline.text.records.raw_file import FormatError, RawFile

_NOT_IN_NEW_ROWS = {**UNLABELLED, "source": None}
_KLUE_FIELD = "subject_entity"

TABLE = "table"
"""The format whose columns the settings name; it is never recognised, only set."""

PARSERS: dict[str, Callable[[RawFile], Iterator[RawRow]]] = {
    "contest_csv": contest_csv.parse,
    "klue": klue.parse,
    "legacy_tsv": legacy_tsv.parse,
}
"""How the rows of each known format are read."""

SIGNS: dict[str, tuple[Callable[[RawFile], bool], str]] = {
    "klue": (klue.is_seen_in, "JSON, or a hub data set"),
    "contest_csv": (contest_csv.is_seen_in, "a header line with subject_entity"),
    "legacy_tsv": (legacy_tsv.is_seen_in, "nine columns between tabs"),
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
    known = "; ".join(f"{name}: {words}" for name, (_, words) in SIGNS.items())
    first = next((line for line in raw.head().splitlines() if line.strip()), "")
    raise FormatError(
        f"{raw.name} is in no known format: its first line is {shorten(first)!r}. Known formats "
        f"are {known}. A CSV needs a first line with the names of its columns."
    )


def choose_format(
    raw: RawFile, predict: PredictParams, ingest: IngestParams
) -> tuple[str, TableLayout]:
    """Return the format of a file of new rows, and the layout that counts if it is a table.

    Args:
        raw: The file.
        predict: The settings for it.
        ingest: Those for the training rows, which hold where ``predict`` sets nothing else.
    """
    names_columns = predict.columns != TableColumns()
    name: str = predict.format
    if name == "auto":
        name = TABLE if names_columns or ingest.format == TABLE else _detect(raw)
    named = predict.columns if names_columns else ingest.columns
    ends = predict.ends or ingest.ends
    repeated = predict.repeated_words or ingest.repeated_words
    columns = named.model_copy(update=_NOT_IN_NEW_ROWS)
    return name, TableLayout(
        columns,
        ends_are_inclusive=ends == "inclusive",
        setting="predict",
        takes_first=repeated == "first",
    )


def _detect(raw: RawFile) -> str:
    """Return a known format if the content shows one; JSON is KLUE's only with KLUE's fields."""
    first = next(iter(raw.records), {}) if raw.records is not None else raw.head()
    try:
        name = detect_format(raw)
    except FormatError:
        return TABLE
    return TABLE if name == "klue" and _KLUE_FIELD not in first else name


def iterate_rows(
    raw: RawFile, format_setting: str, layout: TableLayout | None = None
) -> tuple[str, Iterator[RawRow]]:
    """Read rows one by one in the format that was set, or in the one seen under ``auto``.

    Args:
        raw: The file.
        format_setting: Name of a format, or ``auto``.
        layout: Which column holds what, for the format ``table``.

    Returns:
        The format's name and the rows in the order of the file.

    Raises:
        FormatError: The format is unknown.
        ValueError: Reading on, that the file does not follow its format.
    """
    name = detect_format(raw) if format_setting == "auto" else format_setting
    if name == TABLE:
        return name, table.parse(raw, layout or TableLayout())
    return name, PARSERS[name](raw)


def read_rows(
    raw: RawFile, format_setting: str, layout: TableLayout | None = None
) -> tuple[str, list[RawRow]]:
    """Read all rows at once; arguments and result are those of :func:`iterate_rows`.

    Raises:
        ValueError: The format is unknown, the file does not follow it, or it has no rows.
    """
    name, found = iterate_rows(raw, format_setting, layout)
    rows = list(found)
    if not rows:
        raise ValueError(f"{raw.name} has no rows; give a file with at least one.")
    return name, rows


__all__ = [
    "PARSERS",
    "SIGNS",
    "TABLE",
    "FormatError",
    "RawEntity",
    "RawFile",
    "RawRow",
    "TableLayout",
    "choose_format",
    "detect_format",
    "iterate_rows",
    "layout_of",
    "read_rows",
]
