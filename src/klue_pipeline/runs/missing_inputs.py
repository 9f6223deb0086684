"""What a part of a job reads and nobody has made yet: said before the run, with what makes it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_facts import path_in
from klue_pipeline.runs.dataset_names import plain_name
from klue_pipeline.runs.members import (
    PathOf,
    environment_option,
    require_earlier,
    require_members,
)
from klue_pipeline.runs.relation_task import Parameters

_SHOWN = 3


def graph_around(pipeline: Pipeline, experiment: Pipeline) -> Pipeline:
    """Return the graph that a run is a part of: the experiment's, or what leads to other nodes."""
    if set(pipeline.nodes) <= set(experiment.nodes):
        return experiment
    leading: Pipeline = (experiment + pipeline).to_nodes(*(node.name for node in pipeline.nodes))
    return leading


def require_inputs(
    pipeline: Pipeline,
    pipelines: Mapping[str, Pipeline],
    parameters: Parameters,
    catalog: Any,
    run_params: Mapping[str, Any],
) -> None:
    """Refuse a run that reads what is not there: scores of other experiments, or earlier stages.

    Args:
        pipeline: What this run makes.
        pipelines: Every pipeline by name.
        parameters: The checked parameters of the run.
        catalog: Its catalog.
        run_params: What Kedro says about the run.

    Raises:
        ValueError: The message names what is missing and a command that makes it.
    """
    path_of = partial(path_in, catalog)

    def path_needed(name: str) -> Path | None:
        optional = getattr(catalog.get(name), "is_optional", False)
        return None if optional else path_of(name)

    require_members(pipeline, parameters, path_of, run_params)
    require_earlier(pipeline, parameters, path_of, run_params)
    if not run_params["only_missing_outputs"]:
        require_made(pipeline, pipelines, parameters, path_needed, run_params)


def require_made(
    pipeline: Pipeline,
    pipelines: Mapping[str, Pipeline],
    parameters: Parameters,
    path_of: PathOf,
    run_params: Mapping[str, Any],
) -> None:
    """Refuse a run that reads results of other stages which are not on disk.

    Args:
        pipeline: What this run makes.
        pipelines: Every pipeline by name.
        parameters: The checked parameters of the run.
        path_of: Where a dataset lies; None for one that the run can do without.
        run_params: What Kedro says about the run; its ``env`` belongs into the remedy.

    Raises:
        ValueError: The message names what is missing, the stages that make it, and a command.
    """
    makers = _makers(pipelines)
    missing = [
        name
        for name in sorted(pipeline.inputs())
        if plain_name(name) in makers and _is_missing(name, path_of)
    ]
    if missing:
        stages = list(dict.fromkeys(makers[plain_name(name)] for name in missing))
        more = len(missing) - _SHOWN
        names = ", ".join(map(plain_name, missing[:_SHOWN])) + (f" and {more} more" * (more > 0))
        raise ValueError(
            f"This part of the job reads what nobody has made yet: {names} (made by "
            f"{', '.join(stages)}). Run the whole job first: {_command(parameters, run_params)}"
        )


def _makers(pipelines: Mapping[str, Pipeline]) -> dict[str, str]:
    """Return the first pipeline that makes each dataset."""
    return {
        plain_name(dataset): name
        for name, pipeline in reversed(list(pipelines.items()))
        if name != "__default__"
        for dataset in pipeline.all_outputs()
    }


def _is_missing(name: str, path_of: PathOf) -> bool:
    path = path_of(name)
    return path is not None and not path.exists()


def _command(parameters: Parameters, run_params: Mapping[str, Any]) -> str:
    variant = [f"run.name={parameters.run.name}"] if parameters.run.name else []
    settings = ",".join([f"experiment={parameters.experiment}", *variant])
    return f"kedro run {environment_option(run_params)}--params {settings}"
