"""Experiments: entries of a lab book, resolved into the plain groups that nodes read.

A lab book holds the defaults and one entry per experiment; an entry says only what differs.
Resolution is a function from the configured parameters and those of the command line to the
parameters of a run. It knows no Kedro.
"""

import logging
from collections.abc import Mapping
from typing import Any, get_origin

from pydantic import BaseModel

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.runs.dataset_names import explain_unknown_experiment, folder_name
from klue_pipeline.runs.parameters import OTHER_TASKS, RELATION
from klue_pipeline.runs.tasks import Task

logger = logging.getLogger(__name__)


def resolve_experiment(
    configured: Mapping[str, Any], runtime: Mapping[str, Any], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return the parameters of a run: defaults, then the experiment's entry, then the command line.

    Args:
        configured: Parameters of base and environment, already merged.
        runtime: Parameters of the command line; they win.
        task: Whose experiment is resolved; other tasks' settings are merged and otherwise left.

    Returns:
        ``configured`` with ``runtime`` merged in, and the groups of the chosen experiment on top
        level of the task's settings.

    Raises:
        ValueError: The experiment is not in the table, in which case the message lists those that
            are; or a group is one value where its settings were wanted; or a setting is given where
            another decides.
    """
    _require_own_places(task, task.settings_in(configured))
    parameters = merge_settings(configured, runtime)
    given, settings = task.settings_in(runtime), dict(task.settings_in(parameters))
    require_groups(settings, task)
    entry = _find_entry(task, settings["experiments"], settings["experiment"])
    if not (parameters.get("run") or {}).get("name"):  # a variant is about what it changes
        _warn_of_overridden(task, settings["experiment"], entry, given)
    for group in task.groups:
        merged: dict[str, Any] = {}
        for layer in (settings["experiment_defaults"], entry, given):
            if layer.get(group) is not None:
                merged = merge_group(group, merged, layer[group], task)
        settings[group] = merged
    settings = task.complete(settings, given)
    for name, usual in task.entry_fields.items():
        settings[name] = given.get(name, entry.get(name, usual))
    settings["about"] = {
        "experiment": settings["experiment"],
        "folder": folder_name(settings["experiment"], (parameters.get("run") or {}).get("name")),
        "why": entry.get("why", ""),
        "members": settings.get("members", []),
    }
    return task.put_into(parameters, settings)


def resolve_run(configured: Mapping[str, Any], runtime: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a run, with the chosen experiment of every task resolved.

    The arguments and errors are those of :func:`resolve_experiment`.
    """
    parameters = resolve_experiment(configured, runtime)
    for task in OTHER_TASKS:
        resolved = resolve_experiment(configured, runtime, task)
        parameters = task.put_into(parameters, task.settings_in(resolved))
    return parameters


def merge_group(
    group: str, former: Mapping[str, Any], latter: Any, task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Merge one group of an experiment; a loss, head or encoder of another name starts afresh.

    >>> merge_group("loss", {"name": "focal", "gamma": 2.0}, {"name": "cross_entropy"})
    {'name': 'cross_entropy'}
    >>> merge_group("training", {"epochs": 3, "seed": 1}, {"epochs": 5})
    {'epochs': 5, 'seed': 1}

    Raises:
        ValueError: ``latter`` is one value, such as the name alone.
    """
    if not isinstance(latter, Mapping):
        path = task.path(group)
        raise ValueError(  # noqa: TRY004 - what is wrong with settings is a ValueError
            f"Settings are wrong:\n  {path}: found {latter!r}; its settings one by one were "
            f"wanted, such as {path}.{next(iter(former), 'name')}=..."
        )
    other_name = "name" in latter and latter["name"] != former.get("name")
    if group in task.chosen_by_name and other_name:
        return dict(latter)
    return merge_settings(former, latter)


class WrongShapeError(ValueError):
    """Something else stands where a group of settings was wanted."""


def require_groups(settings: Mapping[str, Any], task: Task[Any] = RELATION) -> None:
    """Refuse one value, or a list, where settings by name are wanted.

    Args:
        settings: Those of the task, with its lab book.
        task: Whose settings they are.

    Raises:
        WrongShapeError: Naming each.
    """
    experiments = settings.get("experiments")
    entries = experiments if isinstance(experiments, Mapping) else {}
    groups = {name: settings[name] for name in _group_names(task) if name in settings}
    groups |= {f"experiments.{name}": entry for name, entry in entries.items()}
    problems = [
        f"  {task.path(name)}: found {value!r}; name: value for each of its settings was wanted"
        for name, value in groups.items()
        if not (value is None or isinstance(value, Mapping))
    ]
    names = [*entries, settings.get("experiment", "")]
    problems += [
        f"  {task.path('experiment')}: found {name!r}; the name of an experiment is text, and "
        "needs quotation marks in a file where it looks like a number, or like yes and no"
        for name in names
        if not isinstance(name, str)
    ]
    if problems:
        raise WrongShapeError("\n".join(["Settings are wrong:", *problems]))


def _group_names(task: Task[Any]) -> list[str]:
    """Return the settings that hold settings: models and tables, but not groups of experiments."""
    parts = {name: field.annotation for name, field in task.model.model_fields.items()}
    return [
        name
        for name, kind in parts.items()
        if name not in task.groups
        and (get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)))
    ]


def _require_own_places(task: Task[Any], configured: Mapping[str, Any]) -> None:
    """Refuse groups of an experiment at the top level of a file, where nothing reads them."""
    misplaced = [task.path(group) for group in task.groups if group in configured]
    if misplaced:
        lines = "\n".join(
            f"  {group}: belongs to experiments; put it under {task.path('experiment_defaults')}, "
            "for all of them, or into an entry of experiments, or give it by --params for one run"
            for group in misplaced
        )
        raise ValueError(f"Settings are wrong:\n{lines}")


def _find_entry(task: Task[Any], experiments: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in experiments:
        problem = explain_unknown_experiment(name, experiments, task.lab_book)
        names = ", ".join(sorted(experiments))
        raise ValueError(problem if names in problem else f"{problem} All: {names}.")
    # An entry without a word is for the check of all parameters to refuse.
    entry: Mapping[str, Any] = experiments[name] or {}
    return entry


def _warn_of_overridden(
    task: Task[Any], experiment: str, entry: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Warn of settings that both an experiment's entry and the command line say, differently."""
    for group in task.groups:
        own, other = entry.get(group), given.get(group)
        if not (isinstance(own, Mapping) and isinstance(other, Mapping)):
            continue
        for name in own:
            if name in other and other[name] != own[name]:
                logger.warning(
                    "--params %s wins over what experiment %s is about; %s changes only the "
                    "experiments that do not say it themselves",
                    task.path(f"{group}.{name}"),
                    experiment,
                    task.path(f"experiment_defaults.{group}.{name}"),
                )
