"""What a part of a job reads and nobody has made yet: said before the run, with what makes it."""

from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.runs.lineage import plain_name
from klue_pipeline.runs.members import PathOf, environment_option
from klue_pipeline.runs.parameters import Parameters

_SHOWN = 3


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
        path_of: Where a dataset lies.
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
