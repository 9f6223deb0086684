"""Entries of a lab book as text: written, and put into a file whose other lines stay."""

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from klue_pipeline.runs.disk.atomic_file import written_beside

_INDENT = "  "
_LINE_CHARACTERS = 100
_PLAIN_KEY = re.compile(r"[^\W\d][\w.+-]*")


class _Dumper(yaml.SafeDumper):
    """Writes a method's settings on one line, as people do in the lab book."""


def write_entry(entry: Mapping[str, Mapping[str, Any]]) -> str:
    """Write an entry as it stands in a lab book.

    Args:
        entry: The entry by its name: ``why``, and groups of settings.

    >>> print(write_entry({"tuned": {"why": "Searched.", "training": {"batch_size": 16}}}))
    tuned:
      why: >-
        Searched.
      training: {batch_size: 16}
    <BLANKLINE>
    """
    lines = []
    for name, settings in entry.items():
        lines.append(f"{_write_key(name)}:")
        # A line that breaks at a hyphen would be read with a blank behind it.
        why = textwrap.wrap(
            str(settings.get("why", "")), _LINE_CHARACTERS - 4,
            break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
        lines += [f"{_INDENT}why: >-", *(f"{_INDENT * 2}{line}" for line in why)]
        groups = {group: value for group, value in settings.items() if group != "why"}
        lines += [f"{_INDENT}{line}" for line in _write_groups(groups)]
    return "\n".join(lines) + "\n"


def _write_key(name: str) -> str:
    """Write a name so that YAML reads text, as it would not with ``yes`` or ``12``."""
    is_plain = _PLAIN_KEY.fullmatch(name) and yaml.safe_load(name) == name
    return name if is_plain else "'" + name.replace("'", "''") + "'"


def _write_groups(groups: Mapping[str, Any]) -> list[str]:
    return [
        line
        for group, value in groups.items()
        for line in yaml.dump(
            {group: value}, Dumper=_Dumper, default_flow_style=None, allow_unicode=True,
            sort_keys=False, width=10_000,
        ).splitlines()
    ]  # fmt: skip


def rename_entry(text: str, name: str) -> str:
    """Give an entry another name.

    >>> rename_entry("tuned: {why: searched}", "lr4e5")
    'lr4e5: {why: searched}'
    """
    return _write_key(name) + text[text.index(":") :]


def insert_entry(file: Path, text: str, *, within: tuple[str, ...] = ("experiments",)) -> None:
    """Put an entry at the end of the table of experiments in a file, which is made if need be.

    Args:
        file: The lab book of an environment.
        text: By :func:`write_entry`.
        within: The keys that lead to the table.

    Raises:
        ValueError: The table has an entry of the name, or is written in a way that this cannot add
            to.
    """
    book = file.read_bytes().decode("utf-8") if file.is_file() else ""
    try:
        place = _find_place(book, within)
    except ValueError as error:
        raise ValueError(
            f"{file} cannot be added to: {error}. Write {'.'.join(within)} with one entry a line, "
            "or paste the entry yourself."
        ) from None
    name = next(iter(yaml.safe_load(text)))
    if name in place.taken:
        raise ValueError(f"{file} has an experiment {name} already; choose another name.")
    head = "".join(f"{_INDENT * depth}{key}:\n" for depth, key in enumerate(place.missing))
    whole = head + textwrap.indent(text, _INDENT * len(place.missing))
    with written_beside(file) as partial:
        partial.write_bytes(_insert(book, place.line, textwrap.indent(whole, " " * place.column)))


class _Place(NamedTuple):
    """Where something is added: before which line, how far to the right, below which new keys."""

    line: int
    column: int
    missing: tuple[str, ...]
    taken: frozenset[str]


def _find_place(book: str, keys: tuple[str, ...]) -> _Place:
    """Go down the tables as far as they are there.

    Raises:
        ValueError: One of them is no table with a key a line.
    """
    lines = book.splitlines()
    table: Any = yaml.compose(book, Loader=yaml.SafeLoader)
    place = _Place(len(lines), 0, keys, frozenset())
    for depth, key in enumerate(keys):
        below = [pair for pair in getattr(table, "value", ()) if pair[0].value == key]
        if not below:
            return place
        name, table = below[0]
        missing = keys[depth + 1 :]
        if isinstance(table, yaml.MappingNode) and not table.flow_style:
            column, taken = table.value[0][0].start_mark.column, _names_in(table)
            line = _line_after(table, lines, column)
            place = _Place(line, column, missing, frozenset() if missing else taken)
        elif table.tag == "tag:yaml.org,2002:null" and not table.value:
            column = name.start_mark.column + len(_INDENT)
            place = _Place(name.end_mark.line + 1, column, missing, frozenset())
        else:
            raise ValueError(f"{key} is written in braces, or is no table")
    return place


def _names_in(table: yaml.MappingNode) -> frozenset[str]:
    return frozenset(str(name.value) for name, _ in table.value)


def _line_after(table: yaml.MappingNode, lines: list[str], column: int) -> int:
    """Return the line after a table and the comments that belong to its last entry."""
    line = min(_end_line(table), len(lines))
    while not lines[line - 1].strip():
        line -= 1
    while line < len(lines) and re.match(rf" {{{column + 1},}}#", lines[line]):
        line += 1
    return line


def _end_line(node: Any) -> int:
    """Return the line after the last one of a node; marks of tables stand where the next begins."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return max(map(_end_line, last if isinstance(last, tuple) else (last,)))
    mark = node.end_mark
    return int(mark.line + (mark.column > 0))


def _insert(book: str, line: int, added: str) -> bytes:
    lines = book.splitlines(keepends=True)
    newline = "\r\n" if "\r\n" in book else "\n"
    before, after = "".join(lines[:line]), "".join(lines[line:])
    if before and not before.endswith("\n"):
        before += newline
    gap = newline if before else ""
    return (before + gap + added.replace("\n", newline) + after).encode()
