"""Entries of a lab book as text: written, and put into a file whose other lines stay."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from klue_pipeline.runs.disk.atomic_file import write_text

_INDENT = "  "
_LINE_CHARACTERS = 100
_EXPERIMENTS, _RETRIEVERS = "experiments", "retrievers"


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
        lines.append(f"{name}:")
        if why := textwrap.wrap(str(settings.get("why", "")), _LINE_CHARACTERS - 4):
            lines += [f"{_INDENT}why: >-", *(f"{_INDENT * 2}{line}" for line in why)]
        groups = {group: value for group, value in settings.items() if group != "why"}
        lines += [f"{_INDENT}{line}" for line in _write_groups(groups)]
    return "\n".join(lines) + "\n"


def _write_groups(groups: Mapping[str, Any]) -> list[str]:
    return [
        line
        for group, value in groups.items()
        for line in yaml.dump(
            {group: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000,
            default_flow_style=None if isinstance(value, Mapping) else False,
        ).splitlines()
    ]  # fmt: skip


def write_tables(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Write entries of tables as they stand in a file of their own.

    Args:
        tables: Entries by the whole name of their table; that of the experiments is the last.

    >>> entries = {"tuned": {"head": {"name": "cnn"}}}
    >>> print(write_tables({"odqa.experiments": entries}))
    odqa:
      experiments:
        tuned:
          head: {name: cnn}
    <BLANKLINE>
    """
    lines: list[str] = []
    above: list[str] = []
    for path, entries in tables.items():
        keys = path.split(".")
        known = sum(keys[: depth + 1] == above[: depth + 1] for depth in range(len(keys)))
        lines += [f"{_INDENT * depth}{key}:" for depth, key in enumerate(keys) if depth >= known]
        lines += textwrap.indent(write_entry(entries), _INDENT * len(keys)).splitlines()
        above = keys
    return "\n".join(lines) + "\n"


def insert_tables(file: Path, text: str, name: str) -> None:
    """Put what stands in a text into a file whose other lines stay.

    Args:
        file: Settings of an environment.
        text: By :func:`write_tables`, with one experiment.
        name: What this is called in the file.

    Raises:
        ValueError: As :func:`insert_entry`.
    """
    for keys, entries in _tables_in(yaml.safe_load(text)):
        if keys[-1] == _EXPERIMENTS:
            insert_entry(file, write_entry({name: next(iter(entries.values()))}), within=keys)
            continue
        for method, settings in entries.items():
            # Its name says what it is, so that it may well be there.
            if settings != _read(file, (*keys, method)):
                insert_entry(file, write_entry({method: settings}), within=keys)


def _tables_in(
    found: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for key, below in found.items():
        if key in {_EXPERIMENTS, _RETRIEVERS}:
            yield (*above, key), below
        else:
            yield from _tables_in(below, (*above, key))


def _read(file: Path, keys: tuple[str, ...]) -> Any:
    found: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


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
    book = file.read_text(encoding="utf-8") if file.is_file() else ""
    table, missing = _find_table(book, within)
    name = next(iter(yaml.safe_load(text)))
    if table is not None and name in {key.value for key, _ in table.value}:
        raise ValueError(f"{file} has an experiment {name} already; choose another name.")
    if table is not None and table.flow_style:
        raise ValueError(
            f"The table {'.'.join(within)} of {file} is written in braces; write it with one entry "
            "a line, or paste the entry yourself."
        )
    depth = len(within) - len(missing)
    head = "".join(f"{_INDENT * (depth + place)}{key}:\n" for place, key in enumerate(missing))
    added = head + textwrap.indent(text, _INDENT * len(within))
    write_text(file, _insert(book, added, table))


def _find_table(
    book: str, keys: tuple[str, ...]
) -> tuple[yaml.MappingNode | None, tuple[str, ...]]:
    """Return the innermost table on the way, and the keys that are missing from there on."""
    node: Any = yaml.compose(book, Loader=yaml.SafeLoader)
    for place, key in enumerate(keys):
        below = [value for name, value in getattr(node, "value", ()) if name.value == key]
        if not below or not isinstance(below[0], yaml.MappingNode):
            return (node if place else None), keys[place:]
        node = below[0]
    return node, ()


def _insert(book: str, added: str, table: yaml.MappingNode | None) -> str:
    lines = book.splitlines(keepends=True)
    if table is None or not table.value:
        return "".join([*lines, "\n" if lines else "", added])
    # A mark of the end stands after comments that belong to what follows.
    last = table.value[-1][1].end_mark
    place = last.line if last.column == 0 else last.line + 1
    while place and (not lines[place - 1].strip() or lines[place - 1].lstrip().startswith("#")):
        place -= 1
    before, after = lines[:place], lines[place:]
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    return "".join([*before, "\n", added, *after])
