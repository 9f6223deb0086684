"""Raw files of every known format -> rows of one shape.

Each format is a file of this package with ``parse`` (its rows) and ``is_seen_in`` (a look at the
content). Adding a format, such as a general ``table``, means a file and a line in both tables here,
and its name in ``InputFormat``.
"""

from collections.abc import Callable, Iterator

from klue_pipeline.relation.parsing import contest_csv, klue, legacy_tsv
from klue_pipeline.relation.parsing.raw_file import RawFile
from klue_pipeline.relation.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.parsing.values import shorten

PARSERS: dict[str, Callable[[RawFile], Iterator[RawRow]]] = {
    "contest_csv": contest_csv.parse,
    "klue": klue.parse,
    "legacy_tsv": legacy_tsv.parse,
}
"""How the rows of each format are read."""

SIGNS: dict[str, tuple[Callable[[RawFile], bool], str]] = {
    "klue": (klue.is_seen_in, "JSON, or a hub data set"),
    "contest_csv": (contest_csv.is_seen_in, "a header line with subject_entity"),
    "legacy_tsv": (legacy_tsv.is_seen_in, "nine columns between tabs"),
}
"""How each format is known by its content, as a test and in words; the first that fits wins."""


def detect_format(raw: RawFile) -> str:
    """Return the name of the format that the content shows.

    Raises:
        ValueError: None fits; the message shows the first line and how formats are known.
    """
    for name, (is_seen_in, _) in SIGNS.items():
        if is_seen_in(raw):
            return name
    known = "; ".join(f"{name}: {words}" for name, (_, words) in SIGNS.items())
    first = next((line for line in (raw.text or "").splitlines() if line.strip()), "")
    raise ValueError(
        f"{raw.name} is in no known format: its first line is {shorten(first)!r}. Known formats "
        f"are {known}. Convert the file, or name its format in ingest.format."
    )


def read_rows(raw: RawFile, format_setting: str) -> tuple[str, list[RawRow]]:
    """Read all rows in the format that was set, or in the one seen under ``auto``.

    Returns:
        The format's name and the rows in the order of the file.

    Raises:
        ValueError: The format is unknown, the file does not follow it, or it has no rows.
    """
    name = detect_format(raw) if format_setting == "auto" else format_setting
    rows = list(PARSERS[name](raw))
    if not rows:
        raise ValueError(f"{raw.name} has no rows; give a file with at least one.")
    return name, rows


__all__ = ["PARSERS", "SIGNS", "RawEntity", "RawFile", "RawRow", "detect_format", "read_rows"]
