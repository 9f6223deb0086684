"""What of a run is logged under which name: flat parameters, flat numbers, files."""

import json
import re
from collections.abc import Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from klue_pipeline.runs.dataset_facts import DatasetFacts

MAX_VALUE_CHARACTERS = 6000
"""MLflow refuses a parameter longer than this (``MAX_PARAM_VAL_LENGTH``)."""
MAX_NAME_CHARACTERS = 250

TABLES_NOT_LOGGED = frozenset(
    {"experiments", "experiment_defaults", "label_sets", "text", "export", "mlflow", "about"}
)
"""Parameter groups that describe every experiment, not this run; or tracking itself."""

GROUPS_NOT_READ: dict[str, frozenset[str]] = {
    "single": frozenset({"composite", "members"}),
    "composite": frozenset({"input", "encoder", "head", "loss", "training", "augment"}),
}
"""Parameter groups that an experiment of a kind does not read, so that they say nothing of it."""

_NOT_IN_NAMES = re.compile(r"[^\w.\-/: ]")


def flat_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Flatten a run's resolved parameters into MLflow's names and texts.

    >>> flat_parameters({"loss": {"name": "cross_entropy"}, "folds": {"run": [0, 1]}, "mlflow": {}})
    {'loss.name': 'cross_entropy', 'folds.run': '[0, 1]'}
    """
    left_out = TABLES_NOT_LOGGED | GROUPS_NOT_READ[parameters.get("kind", "single")]
    groups = {name: group for name, group in parameters.items() if name not in left_out}
    return {legal_name(name): _as_text(value) for name, value in _leaves(groups, "")}


def flat_numbers(values: Any, prefix: str = "") -> dict[str, float]:
    """Flatten a nested mapping and keep its numbers; texts, lists, truth values and tables go.

    >>> flat_numbers({"out_of_fold": {"micro_f1": 0.7, "rows": 12, "folds": [1, 2]}, "kind": "x"})
    {'out_of_fold.micro_f1': 0.7, 'out_of_fold.rows': 12.0}
    """
    if not isinstance(values, Mapping):
        return {}
    return {
        legal_name(name): float(value)
        for name, value in _leaves(values, prefix)
        if not isinstance(value, bool) and isinstance(value, Real)
    }


def logged_numbers(facts: DatasetFacts, values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a saved dataset that go to the parent run, under their names.

    >>> facts = DatasetFacts(numbers="ensemble", numbers_without={"methods"})
    >>> logged_numbers(facts, {"rows": 9, "methods": {"greedy": {"rounds": 3}}})
    {'ensemble.rows': 9.0}
    """
    if facts.numbers is None:
        return {}
    kept = {name: value for name, value in values.items() if name not in facts.numbers_without}
    return flat_numbers(kept, prefix=facts.numbers)


def rows_added_tags(report: Mapping[str, Any]) -> dict[str, str]:
    """Return how many rows augmentation added, in all and of each label, as tags.

    >>> rows_added_tags({"rows_added": 3, "rows_by_label": {"per:spouse": 3}})
    {'klue.rows_added': '3', 'klue.rows_added.per:spouse': '3'}
    """
    by_label = report["rows_by_label"].items()
    labels = {legal_name(f"klue.rows_added.{label}"): str(rows) for label, rows in by_label}
    return {"klue.rows_added": str(report["rows_added"]), **labels}


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
    return str(value)[:MAX_VALUE_CHARACTERS]


def legal_name(name: str) -> str:
    """Replace what MLflow does not take in a name.

    >>> legal_name("per_label.no_relation (관계 없음)")
    'per_label.no_relation _관계 없음_'
    """
    return _NOT_IN_NAMES.sub("_", name)[:MAX_NAME_CHARACTERS]


def saved_path(dataset: Any) -> Path | None:
    """Return where a Kedro dataset keeps its data on this machine; None if it has no local path.

    Kedro has no public name for it; every dataset with a file keeps ``_filepath``.
    """
    if getattr(dataset, "_protocol", "file") != "file" or not hasattr(dataset, "_filepath"):
        return None
    load_path = getattr(dataset, "_get_load_path", None)  # resolves the version, if there are any
    path = Path(str(load_path() if load_path else dataset._filepath))
    return path if path.exists() else None
