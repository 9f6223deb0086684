"""Entries of a lab book as text: written, and put into a file whose other lines stay."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from klue_pipeline.base_settings import Settings
from klue_pipeline.runs.disk.atomic_file import written_beside
from klue_pipeline.runs.parameters import RELATION
from klue_pipeline.runs.tasks import Task
from klue_pipeline.runs.tuning.trial_settings import check_trial

_INDENT = "  "
_LINE_CHARACTERS = 100
_EXPERIMENTS, _RETRIEVERS = "experiments", "retrievers"
_PLAIN_KEY = re.compile(r"[^\W\d][\w.+-]*")


def entry_of_trial(
    parameters: Mapping[str, Any], values: Mapping[str, Any], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return what a lab-book entry has to say so that an experiment is what a trial was.

    That is all that differs from the defaults of all experiments: what the experiment's own entry
    says, what the command line said, and the trial's values.
    """
    checked, usual = check_trial(parameters, values, task), _without_entry(parameters, task)
    entry: dict[str, Any] = {}
    for group in task.groups:
        own: Settings = getattr(checked, group)
        differing = _differences(
            getattr(usual, group).model_dump(mode="json"), own.model_dump(mode="json")
        )
        if group in task.chosen_by_name and "name" in differing:
            differing = _set_fields(own)  # another name starts from nothing
        read = {
            name: value
            for name, value in differing.items()
            if name not in own.results_do_not_depend_on
        }
        if read:
            entry[group] = read
    return entry


def _without_entry(parameters: Mapping[str, Any], task: Task[Any]) -> Any:
    """Return the settings of an experiment that says nothing itself."""
    settings = dict(task.settings_in(parameters))
    for group in task.groups:
        defaults = settings["experiment_defaults"][group]
        settings[group] = {
            name: value
            for name, value in defaults.items()
            if f"{group}.{name}" != "input.language"  # of a model's, not of a file
        }
    return task.model.model_validate(task.complete(settings, {}))


def _differences(usual: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be said where settings are merged name by name."""
    return {
        name: _differences(usual[name], value)
        if isinstance(value, Mapping) and isinstance(usual.get(name), Mapping)
        else value
        for name, value in own.items()
        if usual.get(name) != value
    }


def _set_fields(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in settings.model_dump(mode="json").items()
            if value is not None}  # fmt: skip


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
        if "why" in settings:
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
        for line in yaml.safe_dump(
            {group: value}, allow_unicode=True, sort_keys=False, width=10_000,
            default_flow_style=None if isinstance(value, Mapping) else False,
        ).splitlines()
    ]  # fmt: skip


def tuned_name(folder: str) -> str:
    """Return what an entry is called that a search found, by the folder of its experiment.

    >>> tuned_name("rbert_focal"), tuned_name("rbert_focal--short")
    ('tuned_rbert_focal', 'tuned_rbert_focal_short')
    """
    return f"tuned_{folder.replace('--', '_')}"


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
