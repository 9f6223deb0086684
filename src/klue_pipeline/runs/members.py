"""What a composite reads of other experiments: whether it is on disk, and what made it.

A member's results are made by runs of its own, so the graph of the composite does not know them.
Here they are looked at once, before the run, like raw files.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_names import (
    MemberDataset,
    Part,
    earlier_experiments,
    folder_name,
    member_datasets,
)
from klue_pipeline.runs.lineage import Origin, OriginStore, differing_fields, hash_origin
from klue_pipeline.runs.relation_task import Parameters

PathOf = Callable[[str], Path | None]
"""Where a dataset lies, by its name; None for one without a file."""

Stored = dict[MemberDataset, Origin | None]
"""The stored origin of each of a member's datasets; None where there is none."""

NOT_THERE = "not on disk"


def require_members(
    pipeline: Pipeline, parameters: Parameters, path_of: PathOf, run_params: Mapping[str, Any]
) -> None:
    """Refuse a run that reads scores of members which are not there, or not of one piece.

    Args:
        pipeline: What this run makes.
        parameters: The checked parameters of the run.
        path_of: Where a dataset lies.
        run_params: What Kedro says about the run; its ``env`` belongs into the remedy.

    Raises:
        ValueError: A member is not trained, half trained, or not predicted since; the message
            says which one and how to make it.
    """
    for member, parts in member_datasets(sorted(pipeline.inputs())).items():
        missing = [part for part in parts if not _is_there(part, path_of)]
        reason = _missing(missing) if missing else _mixed(_stored_origins(parts, path_of))
        if reason:
            raise ValueError(
                f"Experiment {parameters.experiment} joins {', '.join(parameters.members)}; "
                f"{member} {reason}. {_remedy(member, parameters.experiment, run_params)}"
            )


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
        origin = {f"members.{member}": _hash_stored(_stored_origins(parts, path_of))}
        origins |= dict.fromkeys((part.name for part in parts), origin)
    return origins


def _stored_origins(parts: Sequence[MemberDataset], path_of: PathOf) -> Stored:
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


def _is_there(part: MemberDataset, path_of: PathOf) -> bool:
    path = path_of(part.name)
    return path is not None and path.exists()


def _missing(parts: Sequence[MemberDataset]) -> str:
    kinds = sorted({part.part for part in parts}, reverse=True)
    lacks = [f"{kind} scores of {_folds(parts, kind)}" for kind in kinds]
    return f"has no {' and no '.join(lacks)}"


def _folds(parts: Sequence[MemberDataset], kind: Part) -> str:
    folds = sorted(part.fold for part in parts if part.part == kind)
    return f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"


def _mixed(stored: Stored) -> str:
    """Say why scores that are there are not those of one finished training; nothing if they are."""
    unknown = [part for part, origin in stored.items() if origin is None]
    if unknown:
        return f"was interrupted while its {_missing(unknown).removeprefix('has no ')} were saved"
    known = {part: origin for part, origin in stored.items() if origin is not None}
    first = {part.part: (part, origin) for part, origin in reversed(known.items())}
    for part, origin in known.items():
        other, wanted = first[part.part]
        if fields := differing_fields(origin, wanted):
            field = fields[0].replace("this run says", f"fold {other.fold} has")
            return f"was made with other settings in fold {part.fold}: {field}"
    if not first["validation"][1].items() <= first["test"][1].items():
        return "was trained again after its test scores were made"
    return ""


def environment_option(run_params: Mapping[str, Any]) -> str:
    """Return how a command names the environment of this run, with a blank behind it.

    >>> environment_option({"env": "klue"}), environment_option({"env": None})
    ('--env klue ', '')
    """
    return f"--env {run_params['env']} " if run_params.get("env") else ""


def _remedy(member: str, composite: str, run_params: Mapping[str, Any]) -> str:
    environment = environment_option(run_params)
    arguments = f' ARGS="{environment.strip()}"' if environment else ""
    return (
        f"Train it first: kedro run {environment}--params experiment={member}\n"
        f"or let both be done: make experiments NAMES={composite}{arguments}"
    )


def require_earlier(
    pipeline: Pipeline, parameters: Parameters, path_of: PathOf, run_params: Mapping[str, Any]
) -> None:
    """Refuse a run that reads scores which are not there, or which it would itself change.

    Args:
        pipeline: What this run makes.
        parameters: The checked parameters of the run.
        path_of: Where a dataset lies.
        run_params: What Kedro says about the run; its ``env`` belongs into the remedy.

    Raises:
        ValueError: The message says which experiment and what to do.
    """
    environment = environment_option(run_params)
    own = folder_name(parameters.experiment, parameters.run.name)
    for dataset, experiment in earlier_experiments(sorted(pipeline.inputs())).items():
        if experiment == own:
            raise ValueError(
                f"Experiment {own} reads its own earlier scores, which its training replaces; "
                "give it another name with --params run.name=..., or name another experiment "
                "(select.mistakes_of, clean.contradictory_duplicates.previous)."
            )
        path = path_of(dataset)
        if path is None or not path.exists():
            raise ValueError(
                f"Experiment {own} reads the out-of-fold scores of {experiment}, and there are "
                f"none at {path}. Train it first: kedro run {environment}--params "
                f"experiment={experiment}"
            )


def trace_earlier(datasets: Iterable[str], path_of: PathOf) -> dict[str, Origin]:
    """Return what results inherit from scores of earlier experiments: one hash for each.

    Args:
        datasets: Names of datasets; those that hold no such scores are left out.
        path_of: Where a dataset lies.
    """
    return {
        dataset: {f"earlier.{experiment}": _hash_earlier(path_of(dataset))}
        for dataset, experiment in earlier_experiments(datasets).items()
    }


def _hash_earlier(path: Path | None) -> str:
    origin = None if path is None else OriginStore().read(path)
    return NOT_THERE if origin is None else hash_origin(origin)
