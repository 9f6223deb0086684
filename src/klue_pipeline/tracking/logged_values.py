"""What of a run is logged under which name: flat parameters, flat numbers, files."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.dataset_facts import DatasetFacts

MAX_VALUE_CHARACTERS = 6000
"""MLflow refuses a parameter longer than this (``MAX_PARAM_VAL_LENGTH``)."""
MAX_NAME_CHARACTERS = 250

EXPERIMENT_GROUPS = frozenset(
    {
        "experiment",
        "run",
        "kind",
        "target",
        "labels",
        "raw",
        "clean",
        "folds",
        "augment",
        "input",
        "encoder",
        "head",
        "loss",
        "training",
        "members",
        "composite",
    }
)
"""Parameter groups that tell experiments apart. All others stand in ``settings.json``."""

GROUPS_NOT_READ: dict[str, frozenset[str]] = {
    "single": frozenset({"composite", "members"}),
    "composite": frozenset({"input", "encoder", "head", "loss", "training", "augment"}),
}
"""Parameter groups that an experiment of a kind does not read, so that they say nothing of it."""

_METHODS = {"augment": "methods", "clean": "rules"}
"""Groups with settings of many methods, and the setting that lists those in use."""

_NOT_IN_NAMES = re.compile(r"[^\w.\-/: ]")
_IDLE_SLASHES = re.compile(r"(?<=/)/|^/|/$")
_DOTS_ALONE = re.compile(r"(?<![^/])\.{1,2}(?![^/])|^\.\.")

_T = TypeVar("_T")


def flat_parameters(
    parameters: Mapping[str, Any], read: Iterable[str] | None = None
) -> dict[str, str]:
    """Flatten what a person compares of a run's resolved parameters into MLflow's names and texts.

    Settings that are not set are left out: MLflow shows a parameter that one of two runs lacks.

    Args:
        parameters: All of them.
        read: The groups that the run reads; None for those of the experiment.

    >>> flat_parameters({"loss": {"name": "cross_entropy"}, "folds": {"run": [0, 1]}, "eda": {}})
    {'loss.name': 'cross_entropy', 'folds.run': '[0, 1]'}
    """
    shown = EXPERIMENT_GROUPS if read is None else frozenset({"experiment", "run", *read})
    wanted = shown - GROUPS_NOT_READ[parameters.get("kind", "single")]
    groups = {
        name: _without_idle_methods(name, group)
        for name, group in parameters.items()
        if name in wanted
    }
    leaves = [(name, value) for name, value in _leaves(groups, "") if value is not None]
    return {name: _as_text(value) for name, value in legally_named(leaves)}


def _without_idle_methods(name: str, group: Any) -> Any:
    """Leave out the settings of methods that are not in use."""
    listing = _METHODS.get(name)
    if listing is None or not isinstance(group, Mapping):
        return group
    used = group.get(listing) or []
    return {
        setting: value
        for setting, value in group.items()
        if not isinstance(value, Mapping) or setting in used
    }


def flat_numbers(values: Any, prefix: str = "") -> dict[str, float]:
    """Flatten a nested mapping and keep its numbers; texts, lists, truth values and tables go.

    >>> flat_numbers({"out_of_fold": {"micro_f1": 0.7, "rows": 12, "folds": [1, 2]}, "kind": "x"})
    {'out_of_fold.micro_f1': 0.7, 'out_of_fold.rows': 12.0}
    """
    if not isinstance(values, Mapping):
        return {}
    numbers = [
        (name, float(value))
        for name, value in _leaves(values, prefix)
        if not isinstance(value, bool) and isinstance(value, Real)
    ]
    return dict(legally_named(numbers))


def logged_numbers(facts: DatasetFacts, values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a saved dataset that go to the parent run, under their names.

    >>> facts = DatasetFacts(numbers="ensemble", numbers_of=["scores.f1", "rows"])
    >>> logged_numbers(facts, {"rows": 9, "scores": {"f1": 70.0, "low": 68.0}})
    {'ensemble.rows': 9.0, 'ensemble.scores.f1': 70.0}
    """
    if facts.numbers is None:
        return {}
    numbers = flat_numbers(values)
    prefix = f"{facts.numbers}." if facts.numbers else ""
    return {prefix + name: number for name, number in numbers.items() if name in facts.numbers_of}


def rows_added_tags(report: Mapping[str, Any]) -> dict[str, str]:
    """Return how many rows augmentation added, in all and of each label, as tags.

    >>> rows_added_tags({"rows_added": 3, "rows_by_label": {"per:spouse": 3}})
    {'klue.rows_added': '3', 'klue.rows_added.per:spouse': '3'}
    """
    by_label = report["rows_by_label"].items()
    labels = [(f"klue.rows_added.{label}", str(rows)) for label, rows in by_label]
    return {"klue.rows_added": str(report["rows_added"]), **dict(legally_named(labels))}


def _leaves(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield dotted names and the values that are no (filled) mappings."""
    if isinstance(value, Mapping) and (value or not prefix):
        for name, inner in value.items():
            yield from _leaves(inner, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, value


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple | Mapping):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return without_passwords(str(value))[:MAX_VALUE_CHARACTERS]


def legally_named(pairs: Iterable[tuple[str, _T]]) -> Iterator[tuple[str, _T]]:
    """Give each value a name that MLflow takes, and no two the same.

    >>> list(legally_named([("A!", 1), ("A?", 2)]))
    [('A_', 1), ('A__2', 2)]
    """
    taken: set[str] = set()
    for name, value in pairs:
        legal, number = legal_name(name), 1
        while legal in taken:
            number += 1
            ending = f"_{number}"
            legal = legal_name(name)[: MAX_NAME_CHARACTERS - len(ending)] + ending
        taken.add(legal)
        yield legal, value


def legal_name(name: str) -> str:
    """Replace what MLflow does not take in a name of a parameter, metric, tag or folder.

    MLflow may store names as paths: it refuses those that another path is the same as.

    >>> legal_name("per_label.no_relation (관계 없음)")
    'per_label.no_relation _관계 없음_'
    >>> legal_name("A//B"), legal_name("./a/"), legal_name("../a")
    ('A/_B', '_/a_', '__/a')
    """
    legal = _NOT_IN_NAMES.sub("_", name)[:MAX_NAME_CHARACTERS]
    legal = _IDLE_SLASHES.sub("_", legal)
    return _DOTS_ALONE.sub(lambda dots: "_" * len(dots[0]), legal) or "_"


def saved_path(dataset: Any) -> Path | None:
    """Return where a Kedro dataset keeps its data on this machine; None if it has no local path.

    Kedro has no public name for it; every dataset with a file keeps ``_filepath``.
    """
    if getattr(dataset, "_protocol", "file") != "file" or not hasattr(dataset, "_filepath"):
        return None
    load_path = getattr(dataset, "_get_load_path", None)  # resolves the version, if there are any
    path = Path(str(load_path() if load_path else dataset._filepath))
    return path if path.exists() else None
