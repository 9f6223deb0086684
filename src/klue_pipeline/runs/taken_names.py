"""Names that no experiment can have, because the project itself puts something there."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.runs.parameters import Parameters, refuse_settings

ANY_EXPERIMENT = "any_experiment_at_all"
"""The experiment for which the catalog is read, to see where an experiment's folder stands."""


def find_taken_names(catalog: Mapping[str, Any]) -> dict[str, str]:
    """Return the names beside the folders of experiments, and the path that has each.

    Args:
        catalog: The entries as configured, for the experiment :data:`ANY_EXPERIMENT`.

    Returns:
        By name in small letters: most disks of Windows and macOS do not tell them from capitals.

    >>> find_taken_names({
    ...     "metrics": {"filepath": "data/08_reporting/any_experiment_at_all/metrics.json"},
    ...     "eda_rows": {"filepath": "data/08_reporting/eda/rows.parquet"},
    ... })
    {'eda': 'data/08_reporting/eda'}
    """
    paths = {path for entry in catalog.values() for path in _paths_in(entry)}
    parents = parents_of_experiments(catalog)
    beside = {
        parent / path.relative_to(parent).parts[0]
        for parent in parents
        for path in paths
        if path != parent and path.is_relative_to(parent)
    }
    return {
        path.name.lower(): str(path)
        for path in sorted(beside)
        if path.name != ANY_EXPERIMENT and "{" not in path.name
    }


def parents_of_experiments(catalog: Mapping[str, Any]) -> set[PurePosixPath]:
    """Return the folders in which experiments have theirs, by the catalog of any experiment.

    >>> sorted(map(str, parents_of_experiments({
    ...     "metrics": {"filepath": "data/08_reporting/any_experiment_at_all/metrics.json"},
    ... })))
    ['data/08_reporting']
    """
    return {
        PurePosixPath(*path.parts[: path.parts.index(ANY_EXPERIMENT)])
        for entry in catalog.values()
        for path in _paths_in(entry)
        if ANY_EXPERIMENT in path.parts
    }


def require_free_names(parameters: Parameters, taken: Mapping[str, str]) -> None:
    """Refuse experiments whose folder would be one that the project keeps something else in.

    Raises:
        ValueError: Listing all such names of the lab book.
    """
    names: dict[str, Iterable[str]] = {
        "experiments": parameters.experiments,
        "odqa.experiments": parameters.odqa.experiments,
    }
    reasons = {
        (setting, name): explain_taken(name, taken)
        for setting, entries in names.items()
        for name in entries
    }
    if found := {place: reason for place, reason in reasons.items() if reason}:
        raise refuse_settings(
            [
                f"{setting}: found {name!r}; {reason}; choose another name, such as my_{name}"
                for (setting, name), reason in found.items()
            ]
        )


def explain_taken(name: str, taken: Mapping[str, str]) -> str | None:
    """Say why a name is not free for an experiment; None if it is.

    >>> explain_taken("Ensemble", {"ensemble": "data/08_reporting/ensemble"})
    'the project keeps something of its own in data/08_reporting/ensemble'
    >>> explain_taken("a.fold_1", {})
    'the project calls folds like that'
    """
    if any(parse_fold(part) for part in name.lower().split(".")):
        return "the project calls folds like that"
    if path := taken.get(name.lower()):
        return f"the project keeps something of its own in {path}"
    ending = PurePosixPath(name.lower()).suffix
    if ending and ending in {PurePosixPath(file).suffix for file in taken}:
        return f"the project keeps files with {ending} beside the folders of experiments"
    return None


def _paths_in(entry: Any) -> Iterator[PurePosixPath]:
    """Yield every text of an entry; what is no path lies beside no experiment."""
    if isinstance(entry, str):
        yield PurePosixPath(entry)
    elif isinstance(entry, Mapping):
        for value in entry.values():
            yield from _paths_in(value)
