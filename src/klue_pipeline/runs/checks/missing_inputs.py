"""What a run reads and nobody has made yet: said before the run, with what makes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.base_settings import suggest
from klue_pipeline.runs.dataset_names import (
    MemberDataset,
    Part,
    earlier_experiments,
    entry_of,
    member_datasets,
    parse_fold,
    plain_name,
    teacher_models,
)
from klue_pipeline.runs.kept_weights import explain_dropped, find_dropped
from klue_pipeline.runs.lineage import differing_fields
from klue_pipeline.runs.members import NOT_THERE, Stored, stored_origins, trace_teachers
from klue_pipeline.runs.parameters import RELATION
from klue_pipeline.runs.remedies import environment_option, kedro_run
from klue_pipeline.runs.stored_results import StoredResults
from klue_pipeline.runs.tasks import Task
from klue_pipeline.text.folder_names import VARIANT_MARK

_SHOWN = 3
_BLENDED = "out_of_fold@all"


def require_inputs(
    pipeline: Pipeline,
    pipelines: Mapping[str, Pipeline],
    results: StoredResults,
    run_params: Mapping[str, Any],
) -> None:
    """Refuse a run that reads what is not there: scores of other experiments, or earlier stages.

    Args:
        pipeline: What this run makes.
        pipelines: Every pipeline by name.
        results: The experiment on disk.
        run_params: What Kedro says about the run; its ``env`` belongs into the remedy.

    Raises:
        ValueError: The message names what is missing and a command that makes it.
    """
    datasets = sorted(pipeline.inputs())
    _require_members(datasets, results, run_params)
    _require_earlier(datasets, results, run_params)
    _require_teachers(datasets, results, run_params)
    _require_blended(pipeline, results, run_params)
    if not run_params["only_missing_outputs"]:
        _require_made(datasets, pipelines, results, run_params)


def _is_missing(name: str, results: StoredResults) -> bool:
    path = results.path_of(name)
    return path is not None and not path.exists()


def _require_members(
    datasets: Sequence[str], results: StoredResults, run_params: Mapping[str, Any]
) -> None:
    """Refuse scores of members that are not there, or not of one piece."""
    composite, members = results.parameters.experiment, results.parameters.members
    for member, parts in member_datasets(datasets).items():
        missing = [part for part in parts if not results.on_disk([part.name])]
        stored = stored_origins(parts, results.path_of)
        if reason := _lack(missing) if missing else _mixed(stored):
            environment = environment_option(run_params).strip()
            arguments = f' ARGS="{environment}"' if environment else ""
            raise ValueError(
                f"Experiment {composite} joins {', '.join(members)}; {member} {reason}. "
                f"Train it first: {_training_of(member, run_params)}\n"
                f"or let both be done: make experiments NAMES={composite}{arguments}"
            )


def _lack(parts: Sequence[MemberDataset]) -> str:
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
        return f"was interrupted while its {_lack(unknown).removeprefix('has no ')} were saved"
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


def _require_earlier(
    datasets: Sequence[str], results: StoredResults, run_params: Mapping[str, Any]
) -> None:
    """Refuse out-of-fold scores that are not there, or that the run would itself change."""
    for dataset, experiment in earlier_experiments(datasets).items():
        if experiment == results.folder:
            raise ValueError(
                f"Experiment {experiment} reads its own earlier results, which this run "
                "replaces; give it another name with --params run.name=..., or name another "
                "experiment (select.mistakes_of, clean.contradictory_duplicates.previous, "
                "odqa.retrievers)."
            )
        if not results.on_disk([dataset]):
            raise ValueError(
                f"Experiment {results.folder} reads the results of {experiment}, and there are "
                f"none at {results.path_of(dataset)}. Run it first: "
                f"{_training_of(experiment, run_params, results.task)}"
            )


def _require_teachers(
    datasets: Sequence[str], results: StoredResults, run_params: Mapping[str, Any]
) -> None:
    """Refuse teachers whose models are not there, have no weights, or are those of the student."""
    for teacher, models in teacher_models(datasets).items():
        if teacher == results.folder:
            raise ValueError(
                f"loss.teachers: experiment {teacher} cannot learn from itself; name another one, "
                "or give this one another name with --params run.name=..."
            )
        names = [model.name for model in models]
        resumed = bool(run_params["only_missing_outputs"])
        if reason := _lack_of_teacher(names, results, resumed=resumed):
            raise ValueError(
                f"Experiment {results.folder} learns from {teacher}, which {reason}. Train it "
                f"first: {_training_of(teacher, run_params)}"
            )


def _lack_of_teacher(names: Sequence[str], results: StoredResults, *, resumed: bool) -> str:
    """Say why models cannot teach; nothing if they can.

    A resumed run may have been taught before their weights were dropped.
    """
    folds = {name: name.split(".")[-2].replace("_", " ") for name in names}
    there = results.on_disk(names)
    if missing := [fold for name, fold in folds.items() if name not in there]:
        return f"has no model of {', '.join(missing)}"
    dropped = find_dropped(names, results.catalog)
    if dropped and not resumed:
        why = explain_dropped(dropped, results.catalog)
        return (
            f"keeps no weights of {', '.join(folds[name] for name in sorted(dropped))} ({why}); "
            "a teacher needs training.keep_weights=all"
        )
    made = [str(origin) for origin in trace_teachers(names, results.path_of).values()]
    if any(NOT_THERE in origin for origin in made):
        return "was interrupted while its models were saved"
    return "was trained with other settings in some folds than in others" * (len(set(made)) > 1)


def _training_of(folder: str, run_params: Mapping[str, Any], task: Task[Any] = RELATION) -> str:
    """Return the command that trains an experiment, or a variant by its name."""
    entry, _, variant = folder.partition(VARIANT_MARK)
    named = {"run.name": variant} if variant else {}
    named = {task.path("experiment"): entry, **named}
    return kedro_run(run_params, named, task.job, same_experiment=False)


def _require_blended(
    pipeline: Pipeline, results: StoredResults, run_params: Mapping[str, Any]
) -> None:
    """Refuse members of a blend that are nowhere, before hours are spent on the others."""
    members = results.parameters.ensemble.members
    if members == "all" or _BLENDED not in pipeline.datasets():
        return
    handed_in = Path(results.parameters.raw.bundles)
    folders = [results.path_of(_BLENDED), handed_in]
    there = {path.name for folder in folders if folder for path in folder.glob("*/")}
    if plain_name(_BLENDED) in map(plain_name, pipeline.all_outputs()):
        there.add(results.folder)
    entries = results.parameters.experiments
    for name in members:
        if name in there:
            continue
        if entry_of(name) not in entries:
            known = {*there, *entries}
            raise ValueError(
                f"ensemble.members: there is no experiment and no score bundle {name!r}. "
                f"{suggest(name, known)}"
            )
        raise ValueError(
            f"ensemble.members names {name}, which has no scores yet. Train it first: "
            f"{_training_of(name, run_params)}"
        )


def _require_made(
    datasets: Sequence[str],
    pipelines: Mapping[str, Pipeline],
    results: StoredResults,
    run_params: Mapping[str, Any],
) -> None:
    """Refuse results of other stages that are not on disk; some a run can do without."""
    makers = _makers(pipelines)
    needed = [name for name in datasets if not results.is_optional(name)]
    missing = [name for name in needed if plain_name(name) in makers and _is_missing(name, results)]
    if missing:
        stages = dict.fromkeys(makers[plain_name(name)] for name in missing)
        more = len(missing) - _SHOWN
        names = ", ".join(map(plain_name, missing[:_SHOWN])) + (f" and {more} more" * (more > 0))
        raise ValueError(
            f"This part of the job reads what nobody has made yet: {names} (made by "
            f"{', '.join(stages)}). {_other_folds(missing, needed, results)}Run the whole job "
            f"first: {kedro_run(run_params, _named(results), results.task.job)}"
        )


def _other_folds(missing: Sequence[str], needed: Sequence[str], results: StoredResults) -> str:
    """Say that other folds are there, where that is all that is wrong."""
    wanted = {part.fold for part in map(parse_fold, missing) if part}
    there = {part.fold for part in map(parse_fold, results.on_disk(needed)) if part} - wanted
    if not there or not all(map(parse_fold, missing)):
        return ""
    folds = ", ".join(map(str, sorted(there)))
    return (
        f"{results.task.path('folds.n_splits')} is {results.n_splits}, but on disk are the folds "
        f"{folds} only; go back to the former folds.n_splits and folds.run, or train the others "
        "too. "
    )


def _makers(pipelines: Mapping[str, Pipeline]) -> dict[str, str]:
    """Return the first pipeline that makes each dataset."""
    return {
        plain_name(dataset): name
        for name, pipeline in reversed(list(pipelines.items()))
        if name != "__default__"
        for dataset in pipeline.all_outputs()
    }


def _named(results: StoredResults) -> dict[str, str]:
    """Name the experiment and its variant as settings do."""
    variant = results.parameters.run.name
    named = {results.task.path("experiment"): results.experiment}
    return {**named, "run.name": variant} if variant else named
