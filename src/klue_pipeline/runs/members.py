"""What made what a run reads of other experiments: scores of members and earlier ones, teachers.

They are made by runs of their own, so the graph of this run does not know them. They are looked at
once, before the run, like raw files.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from klue_pipeline.runs.dataset_names import (
    MemberDataset,
    Part,
    earlier_experiments,
    member_datasets,
    teacher_models,
)
from klue_pipeline.runs.disk.origin_store import Origin, OriginStore
from klue_pipeline.runs.lineage import hash_origin

PathOf = Callable[[str], Path | None]
"""Where a dataset lies, by its name; None for one without a file."""

Stored = dict[MemberDataset, Origin | None]
"""The stored origin of each of a member's datasets; None where there is none."""

NOT_THERE = "not on disk"


def trace_members(datasets: Iterable[str], path_of: PathOf) -> dict[str, Origin]:
    """Return what a composite inherits from the datasets of its members: one hash per member.

    All folds of one training have the same origin. So the hash does not depend on how many of
    them are read, and changes as soon as one of them is made by other settings.

    Args:
        datasets: Names of datasets; those that belong to no member are left out.
        path_of: Where a dataset lies.

    Returns:
        By dataset name: ``members.<member>`` and its hash, or that nothing is on disk.
    """
    origins: dict[str, Origin] = {}
    for member, parts in member_datasets(datasets).items():
        origin = {f"members.{member}": _hash_stored(stored_origins(parts, path_of))}
        origins |= dict.fromkeys((part.name for part in parts), origin)
    return origins


def stored_origins(parts: Sequence[MemberDataset], path_of: PathOf) -> Stored:
    """Read what made the datasets of a member."""
    store = OriginStore()
    paths = {part: path_of(part.name) for part in parts}
    return {part: store.read(path) if path else None for part, path in paths.items()}


def _hash_stored(stored: Stored) -> str:
    hashes: dict[Part, set[str]] = {"validation": set(), "test": set()}
    for part, origin in stored.items():
        if origin is not None:
            hashes[part.part].add(hash_origin(origin))
    if not any(hashes.values()):
        return NOT_THERE
    return hash_origin({part: ", ".join(sorted(found)) for part, found in hashes.items()})


def trace_earlier(datasets: Iterable[str], path_of: PathOf) -> dict[str, Origin]:
    """Return what results inherit from scores of earlier experiments: one hash for each."""
    return {
        dataset: {f"earlier.{experiment}": _hash_result(path_of(dataset))}
        for dataset, experiment in earlier_experiments(datasets).items()
    }


def trace_teachers(datasets: Iterable[str], path_of: PathOf) -> dict[str, Origin]:
    """Return what results inherit from models that teach: one hash for each teacher.

    All folds of one training have the same origin; whether they have is asked before a run.
    """
    return {
        model.name: {f"teachers.{experiment}": _hash_result(path_of(model.name))}
        for experiment, models in teacher_models(datasets).items()
        for model in models
    }


def _hash_result(path: Path | None) -> str:
    origin = None if path is None else OriginStore().read(path)
    return NOT_THERE if origin is None else hash_origin(origin)
